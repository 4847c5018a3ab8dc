{{/* What the operator is told of the installation. */}}
{{- define "alpha-panda.installation" -}}
{{- $stores := include "alpha-panda.stores" . | fromYaml -}}
name: {{ include "alpha-panda.name" . }}
namespaces: {{ include "alpha-panda.namespaces" . }}
platform:
  prefix: {{ .Values.platform.prefix | quote }}
  partitions: {{ .Values.platform.partitions }}
  replication: {{ .Values.platform.replication }}
  min_insync_replicas: {{ .Values.platform.minInsyncReplicas }}
  secret_generation: {{ .Values.platform.secretGeneration }}
  {{- with .Values.platform.topics }}
  topics:
    {{- range $name, $overlay := . }}
    {{ $name }}:
      {{- with $overlay.retentionDays }}
      retention_days: {{ . }}
      {{- end }}
      {{- with $overlay.replication }}
      replication: {{ . }}
      {{- end }}
    {{- end }}
  {{- end }}
image: {{ include "alpha-panda.image" (dict "root" . "image" "services") }}
image_pull_policy: {{ .Values.images.pullPolicy }}
image_pull_secrets: {{ .Values.images.pullSecrets | toJson }}
kafka:
  {{- toYaml $stores.kafka | nindent 2 }}
redis:
  {{- toYaml $stores.redis | nindent 2 }}
postgres:
  {{- toYaml $stores.postgres | nindent 2 }}
{{- with .Values.stores.caSecret }}
ca_secret: {{ . }}
{{- end }}
feed_config_map: {{ include "alpha-panda.name" . }}-feed
api_token_secret: {{ include "alpha-panda.apiSecret" . }}
network_policies: {{ .Values.networkPolicies.enabled }}
{{- with .Values.settings }}
settings:
  {{- toYaml . | nindent 2 }}
{{- end }}
api:
  # Without a number a scaler decides.
  {{- if include "alpha-panda.scaled" . }}
  replicas: null
  {{- else }}
  replicas: {{ .Values.api.replicas }}
  {{- end }}
  production: {{ .Values.api.production }}
  https: {{ .Values.api.https }}
  origins: {{ .Values.api.origins | toJson }}
  trusted_proxies: {{ .Values.api.trustedProxies }}
exchange:
  ports: {{ .Values.networkPolicies.exchange.ports | toJson }}
  {{- with .Values.networkPolicies.exchange.cidrs }}
  peers:
    {{- range . }}
    - ipBlock: {cidr: {{ . }}}
    {{- end }}
  {{- end }}
pods:
  priority_class: {{ include "alpha-panda.priorityClass" . | quote }}
  node_selector: {{ .Values.pods.nodeSelector | toJson }}
  tolerations: {{ .Values.pods.tolerations | toJson }}
  annotations: {{ .Values.pods.annotations | toJson }}
  resources: {{ .Values.pods.resources | toJson }}
  volumes: {{ .Values.pods.volumes | toJson }}
monitoring:
  labels: {{ .Values.monitoring.labels | toJson }}
  pod_monitors: {{ .Values.monitoring.podMonitor.enabled }}
  interval: {{ .Values.monitoring.podMonitor.interval }}
  namespace_labels: {{ .Values.networkPolicies.monitoringNamespaceLabels | toJson }}
{{- end -}}
