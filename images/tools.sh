# Docker or buildah, a base image, and a bill of materials. To be sourced by images/build.
suite=trixie
published=docker.io/library/python:3.13-slim-$suite
made=localhost/alpha-panda-debian:$suite
trusted=/etc/ssl/certs/ca-certificates.crt

say() { printf '%s\n' "→ $*" >&2; }

# stop MESSAGE [REMEDY]
stop() {
    printf 'images: %s\n' "$1" >&2
    [[ -z ${2:-} ]] || printf '        %s\n' "$2" >&2
    exit 1
}

find_builder() {
    if docker version >/dev/null 2>&1; then
        builder=docker
        return
    fi
    builder=buildah
    need buildah=buildah
}

# need PROGRAM=PACKAGE… installs what is missing where that is possible.
need() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
        stop "${missing[*]} is not installed" "type: sudo apt-get install -y --no-install-recommends ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >&2
}

# build_image REFERENCE CONTEXT ARGUMENTS…
build_image() {
    local reference=$1 folder=$2 authority variable extra=()
    shift 2
    for variable in PIP_INDEX_URL PIP_EXTRA_INDEX_URL; do
        [[ -z ${!variable:-} ]] || extra+=(--build-arg "$variable=${!variable}")
    done
    if [[ -n ${PLATFORMS:-} ]]; then
        docker buildx build --platform "$PLATFORMS" --push --tag "$reference" "${extra[@]}" "$@" "$folder"
        return
    fi
    if [[ $builder == docker ]]; then
        docker build --tag "$reference" "${extra[@]}" "$@" "$folder"
        return
    fi
    # A company's own authority, which this machine trusts, is not in a base image. It is laid over the image's own list
    # for the time of the build: a file that is there already, for a mount makes what is not, and leaves it behind.
    authority=${PIP_CERT:-${SSL_CERT_FILE:-}}
    if [[ -n $authority ]]; then
        extra+=(--build-arg "PIP_CERT=$trusted" --volume "$(realpath "$authority"):$trusted:ro")
    fi
    # Without namespaces of its own a build also works within a container. Layers that fit are taken as they are.
    buildah build --layers --isolation chroot --storage-driver overlay --timestamp "$SOURCE_DATE_EPOCH" \
        --tag "$reference" "${extra[@]}" "$@" "$folder"
}

push_image() {
    if [[ $builder == docker ]]; then
        docker push --quiet "$1" >&2
    else
        buildah --storage-driver overlay push --quiet "$1" >&2
    fi
}

# Images for several machines cannot be held here, and Kafka's has this machine's Java.
require_platforms() {
    [[ -n ${PLATFORMS:-} ]] || return 0
    docker buildx version >/dev/null 2>&1 || stop "PLATFORMS needs docker buildx" "install Docker with its plugin buildx"
    [[ $registry != localhost ]] || stop "PLATFORMS needs a registry to push to" "REGISTRY=registry.example/trading"
    [[ " ${wanted[*]} " != *" kafka "* ]] || stop "the image kafka is for this machine alone" \
        "name the others: images/build base services operator redis postgres"
}

has_image() {
    if [[ $builder == docker ]]; then
        docker image inspect "$1" >/dev/null 2>&1
    else
        buildah --storage-driver overlay inspect --type image "$1" >/dev/null 2>&1
    fi
}

pull() {
    if [[ $builder == docker ]]; then
        timeout 120 docker pull --quiet "$1" >/dev/null 2>&1
    else
        timeout 120 buildah --storage-driver overlay pull --quiet "$1" >/dev/null 2>&1
    fi
}

choose_base() {
    base_image=${BASE_IMAGE:-}
    [[ -z $base_image ]] || return 0
    base_image=$published
    if has_image "$published"; then return 0; fi
    base_image=$made
    if has_image "$made"; then return 0; fi
    base_image=$published
    if pull "$published"; then return 0; fi
    say "no registry answers: making a base with debootstrap"
    base_image=$made
    make_base
}

# A Debian with Python, without what only a person at a terminal would read.
make_base() {
    local root container
    [[ $(id -u) -eq 0 ]] || stop "without a registry a base is made with debootstrap, which root only can do" \
        "name an image that you have: BASE_IMAGE=…"
    need debootstrap=debootstrap
    root=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf '$root'" EXIT
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$suite" "$root" >"$out/debootstrap.log" 2>&1 ||
        stop "debootstrap failed" "the whole log: $out/debootstrap.log"
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/usr/share/{doc,man,locale,info}/*
    printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' \
        >"$root/etc/dpkg/dpkg.cfg.d/no-documentation"
    if [[ $builder == docker ]]; then
        tar -C "$root" -c . | docker import - "$made" >/dev/null
    else
        container=$(buildah --storage-driver overlay from scratch)
        buildah --storage-driver overlay copy --quiet "$container" "$root" / >/dev/null
        buildah --storage-driver overlay config --cmd /bin/bash "$container"
        buildah --storage-driver overlay commit --quiet --rm --timestamp "$SOURCE_DATE_EPOCH" "$container" "$made" >/dev/null
    fi
    rm -rf "$root"
}

# describe REFERENCE NAME SECONDS writes what the image is: digest, size, time, and its bill of materials.
describe() {
    local bytes digest parts
    parts=$(bill "$1" "$out/$2.spdx.json")
    if [[ $builder == docker ]]; then
        bytes=$(docker image inspect --format '{{.Size}}' "$1")
        digest=$(docker image inspect --format '{{.Id}}' "$1")
    else
        bytes=$(buildah --storage-driver overlay images --json "$1" | sed -n 's/.*"size": "\(.*\)".*/\1/p' | head -n 1)
        digest=$(buildah --storage-driver overlay inspect --type image --format '{{.FromImageDigest}}' "$1")
    fi
    printf '%s\t%s\t%s s\t%s packages\t%s\n' "$1" "$bytes" "$3" "$parts" "$digest" >"$out/$2.tsv"
}

# bill REFERENCE FILE lists what is in the image, read from its file system; prints how many packages.
bill() {
    local container root
    if [[ $builder == docker ]]; then
        root=$(mktemp -d)
        container=$(docker create "$1")
        docker export "$container" | tar -C "$root" -x --exclude 'dev/*'
        docker rm "$container" >/dev/null
        .venv/bin/python images/bill.py "$root" "$1" "$2"
        rm -rf "$root"
        return
    fi
    container=$(buildah --storage-driver overlay from --pull-never "$1")
    root=$(buildah --storage-driver overlay mount "$container")
    .venv/bin/python images/bill.py "$root" "$1" "$2"
    buildah --storage-driver overlay rm "$container" >/dev/null
}
