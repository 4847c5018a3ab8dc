# What the scripts of the cluster share: where things are, how they speak, Debian's packages. To be sourced by bash.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
kubernetes_version=$(awk '$1 == "k8s.io/kubernetes" {print substr($2, 2); exit}' "$here/go.mod")
cache=${ALPHA_PANDA_CACHE:-$HOME/.cache/alpha-panda}/kubernetes
programs=$cache/$kubernetes_version

say() { printf '%s\n' "→ $*" >&2; }

# stop MESSAGE [REMEDY]
stop() {
    printf 'cluster: %s\n' "$1" >&2
    [[ -z ${2:-} ]] || printf '         %s\n' "$2" >&2
    exit 1
}

# require_packages WHAT_FOR PROGRAM=PACKAGE… installs the packages whose program (or file, with a /) is missing.
require_packages() {
    local purpose=$1 pair program missing=()
    shift
    for pair in "$@"; do
        program=${pair%%=*}
        [[ $program == /* && -e $program ]] || command -v "$program" >/dev/null || missing+=("${pair#*=}")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
        stop "$purpose needs ${missing[*]}" "install with: sudo apt-get install -y --no-install-recommends ${missing[*]}"
    fi
    say "installing ${missing[*]} for $purpose"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
    apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >&2
}

# wait_until SECONDS COMMAND… asks five times a second.
wait_until() {
    local seconds=$1 turn
    shift
    for ((turn = 0; turn < seconds * 5; turn++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.2
    done
    stop "waited $seconds s in vain for: $*" "look into ${logs:-the logs}"
}
