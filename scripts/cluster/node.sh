# The cluster where no Docker runs: etcd, control plane, containerd, kubelet, kube-proxy and CoreDNS as processes of
# this machine, from the programs of build.sh. To be sourced by cluster.sh.
#
# It needs root. Pod and service addresses are of 198.18.0.0/15, the range for tests, so they hide no real network.
# The bridge plugin enforces no NetworkPolicy.
pods=198.18.0.0/24
node=198.18.0.1
services=198.19.0.0/24
kubernetes_service=198.19.0.1
dns=198.19.0.10
bridge=alpha-panda0
socket=$state/containerd.sock
source "$here/processes.sh"
source "$here/images.sh"
source "$here/storage.sh"

up() {
    [[ $(id -u) -eq 0 ]] || stop "a cluster without Docker needs root" "run it as root, or start Docker"
    if kubectl get node node1 >/dev/null 2>&1; then
        say "it is running already"
        return 0
    fi
    require_packages "the cluster" containerd=containerd runc=runc /usr/lib/cni/bridge=containernetworking-plugins \
        iptables=iptables conntrack=conntrack openssl=openssl ip=iproute2 setsid=util-linux
    "$here/build.sh" >/dev/null
    end_all
    mkdir -p "$state"/{pki,log,pids,cni,etcd}
    make_keys
    say "control plane"
    start_control_plane
    say "node"
    start_node
    start_storage
    say "names"
    start_dns
    kubectl get nodes >&2
}

down() {
    [[ $(id -u) -eq 0 ]] || stop "a cluster without Docker needs root" "run it as root"
    if [[ -x $programs/kubectl ]] && is_running kube-apiserver; then
        # A pod that is deleted before kubelet ends leaves no process and no mount behind.
        kubectl delete pods --all --all-namespaces --grace-period=0 --force --wait=false >/dev/null 2>&1 || true
        sleep 1
    fi
    end_all
    forget_packet_rules
    rm -rf "$state"
    say "the cluster is gone"
}

# take ARCHIVE
take() { ctr --address "$socket" --namespace k8s.io images import "$1" >/dev/null; }

make_keys() {
    local pki=$state/pki user
    "$here/pki.sh" "$pki" authority
    "$here/pki.sh" "$pki" service-accounts
    "$here/pki.sh" "$pki" certificate kube-apiserver /CN=kube-apiserver \
        "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1,IP:$kubernetes_service,IP:$node"
    "$here/pki.sh" "$pki" certificate admin /O=system:masters/CN=admin DNS:admin
    "$here/pki.sh" "$pki" certificate kubelet /O=system:nodes/CN=system:node:node1 "DNS:node1,IP:127.0.0.1,IP:$node"
    "$here/pki.sh" "$pki" certificate kube-controller-manager /CN=system:kube-controller-manager DNS:controllers
    "$here/pki.sh" "$pki" certificate kube-scheduler /CN=system:kube-scheduler DNS:scheduler
    "$here/pki.sh" "$pki" certificate kube-proxy /CN=system:kube-proxy DNS:proxy
    for user in admin kubelet kube-controller-manager kube-scheduler kube-proxy; do
        write_kubeconfig "$user"
    done
}

write_kubeconfig() {
    cat >"$state/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: alpha-panda, cluster: {server: "https://127.0.0.1:6443", certificate-authority: $state/pki/ca.crt}}]
users: [{name: $1, user: {client-certificate: $state/pki/$1.crt, client-key: $state/pki/$1.key}}]
contexts: [{name: alpha-panda, context: {cluster: alpha-panda, user: $1}}]
current-context: alpha-panda
YAML
}

start_control_plane() {
    local pki=$state/pki clients=http://127.0.0.1:2379
    start etcd --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
        --listen-client-urls $clients --advertise-client-urls $clients --listen-peer-urls http://127.0.0.1:2380
    start kube-apiserver --etcd-servers $clients --bind-address 0.0.0.0 --secure-port 6443 --advertise-address $node \
        --tls-cert-file "$pki/kube-apiserver.crt" --tls-private-key-file "$pki/kube-apiserver.key" \
        --client-ca-file "$pki/ca.crt" --authorization-mode Node,RBAC --allow-privileged \
        --kubelet-preferred-address-types InternalIP --kubelet-certificate-authority "$pki/ca.crt" \
        --kubelet-client-certificate "$pki/admin.crt" --kubelet-client-key "$pki/admin.key" \
        --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range $services \
        --service-account-signing-key-file "$pki/service-accounts.key" \
        --service-account-key-file "$pki/service-accounts.pub"
    wait_until 90 kubectl get --raw /readyz
    start kube-controller-manager --kubeconfig "$state/kube-controller-manager.kubeconfig" --leader-elect=false \
        --use-service-account-credentials --root-ca-file "$pki/ca.crt" \
        --service-account-private-key-file "$pki/service-accounts.key" \
        --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key"
    start kube-scheduler --kubeconfig "$state/kube-scheduler.kubeconfig" --leader-elect=false
}

start_node() {
    echo 1 >/proc/sys/net/ipv4/ip_forward
    # kubelet tells the node's address only if some interface has it when it starts.
    ip link show $bridge >/dev/null 2>&1 || ip link add $bridge type bridge
    ip addr replace $node/24 dev $bridge
    ip link set $bridge up
    write_node_configuration
    start "$(command -v containerd)" --config "$state/containerd.toml"
    wait_until 30 ctr --address "$socket" version
    import_image pause "$programs/pause" /pause
    start kubelet --config "$state/kubelet.yaml" --kubeconfig "$state/kubelet.kubeconfig" --hostname-override node1 \
        --node-ip $node --root-dir "$state/kubelet"
    start kube-proxy --kubeconfig "$state/kube-proxy.kubeconfig" --hostname-override node1 --cluster-cidr $pods \
        --proxy-mode iptables --conntrack-max-per-core 0 --bind-address $node
    wait_until 60 kubectl wait --for=condition=Ready node/node1 --timeout=1s
}

start_dns() {
    import_image coredns "$programs/coredns" /coredns
    sed "s/@DNS@/$dns/" "$here/dns.yaml" | kubectl apply -f - >/dev/null
    kubectl -n kube-system rollout status deployment/coredns --timeout=90s >&2
}

write_node_configuration() {
    cat >"$state/cni/10-bridge.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
    {"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": true, "hairpinMode": true,
     "ipam": {"type": "host-local", "dataDir": "$state/cni-addresses", "ranges": [[{"subnet": "$pods"}]],
              "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
    cat >"$state/containerd.toml" <<TOML
version = 2
root = "$state/containerd/root"
state = "$state/containerd/state"
[grpc]
  address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  # Where those that nobody took away are found at the end, and no other program's are.
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
TOML
    cat >"$state/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $state/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $state/pki/kubelet.crt
tlsPrivateKeyFile: $state/pki/kubelet.key
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
clusterDNS: [$dns]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix://$socket
resolvConf: /dev/null
# Images come from this machine and from nowhere else: none is thrown away to make room.
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
YAML
}
