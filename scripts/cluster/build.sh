#!/usr/bin/env bash
# Builds the programs of a real Kubernetes from Go modules, into the cache; prints the folder they are in.
#
#   scripts/cluster/build.sh                                all programs of the one-node cluster
#   scripts/cluster/build.sh etcd kube-apiserver kubectl    these only: enough for tests of the API server
#
# go.mod and go.sum pin every module; CoreDNS, Helm and kind are apart, pinned by version and checked against the sum
# database. A program that is in the cache already, from the same modules, is not built again.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$here/go.sh"
helm_version=v3.22.0
coredns_version=v1.15.0
kind_version=v0.30.0
kubernetes=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)
wanted=("$@")
all=(etcd "${kubernetes[@]}" pause coredns helm)
[[ $# -gt 0 ]] || wanted=("${all[@]}")
stamp=$(echo "$helm_version $coredns_version $kind_version" | cat - "$here/go.mod" "$here/go.sum" "$here/pause/main.go" | cksum)

look_for_missing() {
    missing=()
    for program in "${wanted[@]}"; do
        [[ -x $programs/$program && $(cat "$programs/$program.stamp" 2>/dev/null) == "$stamp" ]] || missing+=("$program")
    done
    if [[ ${#missing[@]} -eq 0 ]]; then
        echo "$programs"
        exit 0
    fi
}

# What is there needs not wait for a build of something else.
look_for_missing

# One build at a time: two at once would only be slower. Held until this script ends.
mkdir -p "$programs"
exec 9>"$cache/build.lock"
flock 9
look_for_missing

find_go
# Programs enter the cache whole, by one rename: an interrupted build leaves none that is half written.
scratch=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export CGO_ENABLED=0 GOFLAGS=
version=k8s.io/component-base/version
client=k8s.io/client-go/pkg/version
named="-X $version.gitVersion=v$kubernetes_version -X $client.gitVersion=v$kubernetes_version"

build() {
    case $1 in
    etcd) (cd "$here" && "$go" build -trimpath -ldflags "-s -w" -o "$scratch/etcd" go.etcd.io/etcd/server/v3) ;;
    coredns) GOBIN=$scratch "$go" install -trimpath -ldflags "-s -w" "github.com/coredns/coredns@$coredns_version" ;;
    kind) GOBIN=$scratch "$go" install -trimpath -ldflags "-s -w" "sigs.k8s.io/kind@$kind_version" ;;
    pause) (cd "$here" && "$go" build -trimpath -ldflags "-s -w" -o "$scratch/pause" ./pause) ;;
    helm) GOBIN=$scratch "$go" install -trimpath -ldflags "-s -w" "helm.sh/helm/v3/cmd/helm@$helm_version" ;;
    *) (cd "$here" && "$go" build -trimpath -ldflags "-s -w $named" -o "$scratch/" "k8s.io/kubernetes/cmd/$1") ;;
    esac
}

for program in "${missing[@]}"; do
    [[ " ${all[*]} kind " == *" $program "* ]] || stop "there is no program $program" "one of: ${all[*]} kind"
    started=$SECONDS
    say "building $program …"
    build "$program" >&2 9>&- || stop "$program could not be built" "is the Go module proxy reachable? (go env GOPROXY)"
    mv "$scratch/$program" "$programs/$program"
    echo "$stamp" >"$programs/$program.stamp"
    say "  $program done in $((SECONDS - started)) s"
done
echo "$programs"
