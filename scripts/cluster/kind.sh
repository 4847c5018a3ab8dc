# The cluster where Docker runs: kind. To be sourced by cluster.sh.
name=alpha-panda

kind_program() {
    command -v kind || echo "$programs/kind"
}

up() {
    command -v kind >/dev/null || "$here/build.sh" kind >/dev/null
    "$here/build.sh" kubectl helm >/dev/null
    if [[ " $("$(kind_program)" get clusters 2>/dev/null | tr '\n' ' ')" != *" $name "* ]]; then
        "$(kind_program)" create cluster --name "$name" --kubeconfig "$kubeconfig" --wait 120s >&2
    fi
    "$(kind_program)" export kubeconfig --name "$name" --kubeconfig "$kubeconfig" >&2
}

down() {
    "$(kind_program)" delete cluster --name "$name" --kubeconfig "$kubeconfig" >&2
    rm -rf "$state"
}

# take ARCHIVE
take() { "$(kind_program)" load image-archive --name "$name" "$1" >&2; }
