#!/usr/bin/env bash
# A Kubernetes to try things on: kind where Docker runs, else one real node made of processes on this machine.
#
#   cluster.sh up            start it; about 5 minutes the first time, seconds afterwards
#   cluster.sh down          end it and delete all that was in it
#   cluster.sh load IMAGE…   give it images: names that docker, podman or buildah hold, or archives (*.tar)
#   cluster.sh kubectl …     kubectl as its administrator
#   cluster.sh env           prints the lines that make your kubectl and helm use it: eval "$(scripts/cluster/cluster.sh env)"
#
# ALPHA_PANDA_CLUSTER_KIND=kind|node chooses; ALPHA_PANDA_CLUSTER is its folder.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
state=${ALPHA_PANDA_CLUSTER:-${XDG_STATE_HOME:-$HOME/.local/state}/alpha-panda/cluster}
kubeconfig=$state/admin.kubeconfig
logs=$state/log

chosen_kind() {
    if [[ -n ${ALPHA_PANDA_CLUSTER_KIND:-} ]]; then
        echo "$ALPHA_PANDA_CLUSTER_KIND"
    elif docker info >/dev/null 2>&1; then
        echo kind
    else
        echo node
    fi
}

kubectl() { "$programs/kubectl" --kubeconfig "$kubeconfig" "$@"; }

# archive_of IMAGE FILE writes the image into the file, from whoever holds it.
archive_of() {
    local image=$1 file=$2
    if docker image inspect "$image" >/dev/null 2>&1; then
        docker save -o "$file" "$image"
    elif podman image exists "$image" >/dev/null 2>&1; then
        podman save -q -o "$file" "$image"
    elif buildah inspect --type image "$image" >/dev/null 2>&1; then
        buildah push -q "$image" "docker-archive:$file:$image"
    else
        stop "no image $image with docker, podman or buildah" "build it first, or name an archive (*.tar)"
    fi
}

load() {
    local image file
    [[ $# -gt 0 ]] || stop "load needs an image" "cluster.sh load IMAGE…"
    for image in "$@"; do
        if [[ $image == *.tar ]]; then
            take "$image"
            continue
        fi
        file=$(mktemp -u --suffix=.tar)
        archive_of "$image" "$file"
        take "$file"
        rm -f "$file"
        say "$image loaded"
    done
}

show_environment() {
    printf 'export KUBECONFIG=%q\n' "$kubeconfig"
    printf 'export PATH=%q:$PATH\n' "$programs"
}

kind=$(chosen_kind)
[[ $kind == kind || $kind == node ]] || stop "ALPHA_PANDA_CLUSTER_KIND is $kind" "kind or node"
source "$here/$kind.sh"
mkdir -p "$state"
command=${1:-}
shift || true
case $command in
up)
    started=$SECONDS
    up
    say "the cluster ($kind) is ready after $((SECONDS - started)) s"
    show_environment
    ;;
down) down ;;
load) load "$@" ;;
kubectl) kubectl "$@" ;;
env) show_environment ;;
*) stop "no such command: $command" "up, down, load, kubectl, env" ;;
esac
