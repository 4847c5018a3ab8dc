{{/* The beginning of all names. */}}
{{- define "alpha-panda.name" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* What a selector may hold: it never changes. Call with (dict "root" $ "component" "operator"). */}}
{{- define "alpha-panda.selector" -}}
app.kubernetes.io/name: {{ .component }}
app.kubernetes.io/instance: {{ include "alpha-panda.name" .root }}
app.kubernetes.io/part-of: alpha-panda
{{- end -}}

{{/* The labels of an object of a component. */}}
{{- define "alpha-panda.labels" -}}
{{ include "alpha-panda.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* An image's reference: a digest wins over a tag. Call with (dict "root" $ "image" "operator"). */}}
{{- define "alpha-panda.image" -}}
{{- $image := index .root.Values.images .image -}}
{{- $name := $image.repository -}}
{{- with .root.Values.images.registry }}{{ $name = printf "%s/%s" . $name }}{{ end -}}
{{- if $image.digest -}}
{{ $name }}@{{ $image.digest }}
{{- else -}}
{{ $name }}:{{ default .root.Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{/* Who a pod runs as and what it may do: all that Pod Security `restricted` asks for. */}}
{{- define "alpha-panda.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "alpha-panda.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What every pod gets from the values. Call with (dict "root" $ "component" "operator"). */}}
{{- define "alpha-panda.pod" -}}
enableServiceLinks: false
securityContext:
  {{- include "alpha-panda.podSecurity" . | nindent 2 }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with include "alpha-panda.priorityClass" .root }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.pods.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.pods.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "alpha-panda.priorityClass" -}}
{{- with .Values.pods.priorityClass -}}
{{- if .name -}}{{ .name }}{{- else if .create -}}{{ include "alpha-panda.name" $ }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* A password of a Secret of this chart: the one that is there, or a new one. (dict "root" $ "secret" N "key" K) */}}
{{- define "alpha-panda.keptPassword" -}}
{{- $found := lookup "v1" "Secret" .root.Release.Namespace .secret -}}
{{- $data := default dict (default dict $found).data -}}
{{- if hasKey $data .key -}}
{{ index $data .key }}
{{- else -}}
{{ randAlphaNum (default 48 .length | int) | b64enc }}
{{- end -}}
{{- end -}}

{{- define "alpha-panda.masterSecret" -}}
{{- default (printf "%s-master" (include "alpha-panda.name" .)) .Values.masterSecret.existingSecret -}}
{{- end -}}

{{- define "alpha-panda.embeddedSecret" -}}
{{- default (printf "%s-embedded" (include "alpha-panda.name" .)) .Values.embedded.existingSecret -}}
{{- end -}}

{{- define "alpha-panda.apiSecret" -}}
{{- default (printf "%s-api-token" (include "alpha-panda.name" .)) .Values.api.existingSecret -}}
{{- end -}}

{{/* The namespaces whose resources the operator serves, as a JSON list. */}}
{{- define "alpha-panda.namespaces" -}}
{{- default (list .Release.Namespace) .Values.operator.watchNamespaces | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* Who may scrape, as `from` of a NetworkPolicy. */}}
{{- define "alpha-panda.scrapers" -}}
- namespaceSelector:
    matchLabels:
      {{- toYaml .Values.networkPolicies.monitoringNamespaceLabels | nindent 6 }}
{{- end -}}

{{/* The rule by which a pod may ask for names. */}}
{{- define "alpha-panda.nameService" -}}
- to:
    - namespaceSelector:
        matchLabels: {kubernetes.io/metadata.name: kube-system}
      podSelector:
        matchLabels: {k8s-app: kube-dns}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end -}}

{{/* The rule by which a pod may reach the API server. */}}
{{- define "alpha-panda.apiServer" -}}
- ports:
    {{- range .Values.networkPolicies.apiServer.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .Values.networkPolicies.apiServer.cidrs }}
  to:
    {{- range . }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  {{- end }}
{{- end -}}

{{/* The address of a single-node store of this chart. (dict "root" $ "store" "kafka") */}}
{{- define "alpha-panda.embeddedHost" -}}
{{ include "alpha-panda.name" .root }}-{{ .store }}.{{ .root.Release.Namespace }}.svc
{{- end -}}

{{/* Not empty where KEDA decides how often the API runs. */}}
{{- define "alpha-panda.scaled" -}}
{{- if and .Values.api.autoscaling.enabled (.Capabilities.APIVersions.Has "keda.sh/v1alpha1/ScaledObject") -}}
yes
{{- end -}}
{{- end -}}
