# Images of one program and nothing else, made without a builder. Sourced.

# import_image NAME PROGRAM ENTRYPOINT puts localhost/NAME:1 onto the node.
import_image() {
    local name=$1 program=$2 entrypoint=$3 scratch layer
    scratch=$(mktemp -d)
    mkdir "$scratch/root"
    install -m 0755 "$program" "$scratch/root$entrypoint"
    tar --create --file "$scratch/layer.tar" --directory "$scratch/root" --owner=0 --group=0 --mtime=@0 "${entrypoint#/}"
    layer=$(sha256sum "$scratch/layer.tar" | cut -d' ' -f1)
    cat >"$scratch/config.json" <<JSON
{"architecture": "$(architecture)", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]},
 "config": {"User": "65535", "Entrypoint": ["$entrypoint"]}}
JSON
    cat >"$scratch/manifest.json" <<JSON
[{"Config": "config.json", "RepoTags": ["localhost/$name:1"], "Layers": ["layer.tar"]}]
JSON
    tar --create --file "$scratch/image.tar" --directory "$scratch" manifest.json config.json layer.tar
    take "$scratch/image.tar"
    rm -rf "$scratch"
}

# As images call it.
architecture() {
    case $(uname -m) in
    aarch64) echo arm64 ;;
    *) echo amd64 ;;
    esac
}
