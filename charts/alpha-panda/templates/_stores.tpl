{{/* Where the stores are, as the operator is told; `peers` are the `to` of NetworkPolicies. */}}
{{- define "alpha-panda.stores" -}}
{{- if .Values.embedded.enabled -}}
kafka:
  bootstrap: {{ include "alpha-panda.embeddedHost" (dict "root" . "store" "kafka") }}:9092
  tls: false
  {{- include "alpha-panda.embeddedPeers" (dict "root" . "store" "kafka") | nindent 2 }}
redis:
  host: {{ include "alpha-panda.embeddedHost" (dict "root" . "store" "redis") }}
  port: 6379
  tls: false
  {{- include "alpha-panda.embeddedPeers" (dict "root" . "store" "redis") | nindent 2 }}
postgres:
  host: {{ include "alpha-panda.embeddedHost" (dict "root" . "store" "postgres") }}
  port: 5432
  database: alpha_panda
  owner: alpha_panda
  tls: false
  {{- include "alpha-panda.embeddedPeers" (dict "root" . "store" "postgres") | nindent 2 }}
{{- else -}}
{{- include "alpha-panda.requireStores" . -}}
{{- $redis := urlParse .Values.stores.redis.url -}}
{{- $postgres := urlParse .Values.stores.postgres.url -}}
kafka:
  bootstrap: {{ .Values.stores.kafka.bootstrap | quote }}
  tls: {{ .Values.stores.kafka.tls }}
  {{- include "alpha-panda.ownPeers" . | nindent 2 }}
redis:
  host: {{ $redis.hostname }}
  port: {{ include "alpha-panda.port" (dict "host" $redis.host "default" 6379) }}
  tls: {{ eq $redis.scheme "rediss" }}
  save_users: {{ .Values.stores.redis.saveUsers }}
  {{- include "alpha-panda.ownPeers" . | nindent 2 }}
postgres:
  host: {{ $postgres.hostname }}
  port: {{ include "alpha-panda.port" (dict "host" $postgres.host "default" 5432) }}
  database: {{ trimPrefix "/" $postgres.path }}
  {{- with .Values.stores.postgres.owner }}
  owner: {{ . | quote }}
  {{- end }}
  tls: {{ contains "sslmode=verify-full" $postgres.query }}
  {{- include "alpha-panda.ownPeers" . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "alpha-panda.embeddedPeers" -}}
peers:
  - namespaceSelector:
      matchLabels: {kubernetes.io/metadata.name: {{ .root.Release.Namespace }}}
    podSelector:
      matchLabels:
        {{- include "alpha-panda.selector" (dict "root" .root "component" .store) | nindent 8 }}
{{- end -}}

{{- define "alpha-panda.ownPeers" -}}
{{- if .Values.networkPolicies.storeCidrs -}}
peers:
  {{- range .Values.networkPolicies.storeCidrs }}
  - ipBlock: {cidr: {{ . | quote }}}
  {{- end }}
{{- else -}}
peers: []
{{- end -}}
{{- end -}}

{{/* The port of HOST:PORT, or the default. */}}
{{- define "alpha-panda.port" -}}
{{- $parts := splitList ":" .host -}}
{{- if gt (len $parts) 1 -}}{{ last $parts }}{{- else -}}{{ .default }}{{- end -}}
{{- end -}}

{{/* Whatever is missing of the own stores ends the rendering with the line that mends it. */}}
{{- define "alpha-panda.requireStores" -}}
{{- $why := "is needed while embedded.enabled is false; to try out without own stores: --set embedded.enabled=true" -}}
{{- range $path := list "kafka.bootstrap" "kafka.adminSecret" "redis.url" "redis.adminSecret" "postgres.url" "postgres.adminSecret" -}}
{{- $parts := splitList "." $path -}}
{{- if not (index $.Values.stores (first $parts) (last $parts)) -}}
{{- fail (printf "stores.%s %s" $path $why) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The ports of all Kafka brokers, of Redis and of PostgreSQL, as a JSON list. */}}
{{- define "alpha-panda.storePorts" -}}
{{- $stores := include "alpha-panda.stores" . | fromYaml -}}
{{- $ports := list (int $stores.redis.port) (int $stores.postgres.port) -}}
{{- range splitList "," $stores.kafka.bootstrap -}}
{{- $ports = append $ports (splitList ":" . | last | int) -}}
{{- end -}}
{{ $ports | uniq | toJson }}
{{- end -}}

{{/* The Secret and keys of a store's administrator. (dict "root" $ "store" "kafka") */}}
{{- define "alpha-panda.adminSecret" -}}
{{- if .root.Values.embedded.enabled -}}
{name: {{ include "alpha-panda.embeddedSecret" .root }}, username: {{ .store }}-username, password: {{ .store }}-password}
{{- else -}}
{name: {{ (index .root.Values.stores .store).adminSecret }}, username: username, password: password}
{{- end -}}
{{- end -}}
