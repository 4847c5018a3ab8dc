# Where Go comes from. To be sourced by bash after common.sh; find_go sets `go` and what it needs.
#
# A Go from 1.21 on fetches the newer one that go.mod asks for by itself. An older one, such as Debian's, cannot, but
# the toolchain is a module like any other (checked against the sum database), so it can fetch that; two things that
# a newer Go does with it afterwards are done here.
toolchain=go1.24.11

find_go() {
    unset GOROOT
    export GOTOOLCHAIN=auto
    go=$(command -v go || true)
    if [[ -z $go ]]; then
        require_packages "building Kubernetes" go=golang-go git=git ca-certificates=ca-certificates
        go=$(command -v go)
    fi
    go_is_new_enough "$go" || go=$(fetch_toolchain "$go")
    go_is_new_enough "$go" || stop "$go is $("$go" env GOVERSION); 1.21 or newer is needed" "install Go, or put another first on PATH"
}

go_is_new_enough() {
    local version
    version=$(GOTOOLCHAIN=local "$1" env GOVERSION)
    [[ $version =~ ^go1\.([0-9]+) && ${BASH_REMATCH[1]} -ge 21 ]]
}

# fetch_toolchain OLD_GO prints the program of the toolchain, fetched by OLD_GO.
fetch_toolchain() {
    local old=$1 home module answer
    home=$cache/$toolchain
    if [[ ! -x $home/bin/go ]]; then
        say "$("$old" env GOVERSION) is too old: fetching $toolchain"
        module=golang.org/toolchain@v0.0.1-$toolchain.$("$old" env GOOS)-$("$old" env GOARCH)
        answer=$(cd / && "$old" mod download -json "$module" 2>&1) || true
        module=$(sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p' <<<"$answer")
        [[ -n $module ]] || stop "$toolchain could not be fetched: $answer" "try again, or install Go 1.21 or newer by hand"
        mkdir -p "$cache"
        rm -rf "$home.part"
        cp -R "$module" "$home.part"
        chmod -R u+w "$home.part"
        chmod +x "$home.part"/bin/* "$home.part"/pkg/tool/*/*
        # A module holds no other module's go.mod, so the standard library's are under another name.
        find "$home.part" -name _go.mod -execdir mv {} go.mod \;
        mv "$home.part" "$home"
    fi
    echo "$home/bin/go"
}
