{{/*
A single-node store: StatefulSet, Service and NetworkPolicy.
Call with (dict "root" $ "store" "kafka" "port" 9092 "probe" [command] "env" YAML "mounts" YAML "volumes" YAML).
*/}}
{{- define "alpha-panda.store" -}}
{{- $component := dict "root" .root "component" .store -}}
{{- $values := index .root.Values.embedded .store -}}
{{- $name := printf "%s-%s" (include "alpha-panda.name" .root) .store -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "alpha-panda.labels" $component | nindent 4 }}
spec:
  # Without an address of its own: a name stands for the pod, also before it is ready, since Kafka asks for itself.
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    {{- include "alpha-panda.selector" $component | nindent 4 }}
  ports:
    - {name: {{ .store }}, port: {{ .port }}, targetPort: {{ .port }}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "alpha-panda.labels" $component | nindent 4 }}
spec:
  replicas: 1
  serviceName: {{ $name }}
  selector:
    matchLabels:
      {{- include "alpha-panda.selector" $component | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "alpha-panda.labels" $component | nindent 8 }}
      annotations:
        alphapanda.io/configuration: {{ printf "%v%v" .configuration $values | sha256sum }}
        {{- with .root.Values.pods.annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 60
      {{- include "alpha-panda.pod" $component | nindent 6 }}
      containers:
        - name: {{ .store }}
          image: {{ include "alpha-panda.image" (dict "root" .root "image" .store) }}
          imagePullPolicy: {{ .root.Values.images.pullPolicy }}
          {{- with .env }}
          env:
            {{- . | nindent 12 }}
          {{- end }}
          ports:
            - {name: {{ .store }}, containerPort: {{ .port }}}
          startupProbe:
            exec: {command: {{ .probe | toJson }}}
            periodSeconds: 2
            timeoutSeconds: 5
            failureThreshold: 90
          livenessProbe:
            exec: {command: {{ .probe | toJson }}}
            periodSeconds: 20
            timeoutSeconds: 5
          readinessProbe:
            exec: {command: {{ .probe | toJson }}}
            periodSeconds: 5
            timeoutSeconds: 5
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          securityContext:
            {{- include "alpha-panda.containerSecurity" .root | nindent 12 }}
          volumeMounts:
            - {name: data, mountPath: /var/lib/{{ .store }}}
            - {name: passwords, mountPath: /run/passwords, readOnly: true}
            - {name: scratch, mountPath: /tmp}
            {{- with .mounts }}
            {{- . | nindent 12 }}
            {{- end }}
      volumes:
        - name: passwords
          secret:
            secretName: {{ include "alpha-panda.embeddedSecret" .root }}
            defaultMode: 0440
            items:
              {{- range .passwords }}
              - {key: {{ . }}-password, path: {{ . }}}
              {{- end }}
        - name: scratch
          emptyDir: {}
        {{- if not $values.storage }}
        - name: data
          emptyDir: {}
        {{- end }}
        {{- with .volumes }}
        {{- . | nindent 8 }}
        {{- end }}
  {{- if $values.storage }}
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .root.Values.embedded.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources: {requests: {storage: {{ $values.storage }}}}
  {{- end }}
{{- if .root.Values.networkPolicies.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "alpha-panda.labels" $component | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "alpha-panda.selector" $component | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        {{- range include "alpha-panda.namespaces" .root | fromJsonArray | concat (list $.root.Release.Namespace) | uniq }}
        - namespaceSelector:
            matchLabels: {kubernetes.io/metadata.name: {{ . }}}
          podSelector:
            matchLabels: {app.kubernetes.io/part-of: alpha-panda}
        {{- end }}
      ports:
        - {protocol: TCP, port: {{ .port }}}
  {{- if .itself }}
  # It is its own client under the name that it tells others.
  egress:
    {{- include "alpha-panda.nameService" .root | nindent 4 }}
    - to:
        - podSelector:
            matchLabels:
              {{- include "alpha-panda.selector" $component | nindent 14 }}
      ports:
        - {protocol: TCP, port: {{ .port }}}
  {{- end }}
{{- end }}
{{- end -}}
