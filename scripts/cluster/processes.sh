# The servers of a one-node cluster as processes: started into a log, found again by a file, ended in order. Sourced.

# start PROGRAM ARGUMENT… ; a name without a folder is one of ours.
start() {
    local program=$1 name
    shift
    name=$(basename "$program")
    [[ $program == /* ]] || program=$programs/$program
    setsid "$program" "$@" >>"$logs/$name.log" 2>&1 </dev/null 9>&- &
    echo $! >"$state/pids/$name"
}

# Whether it is ours: a number may by now be another program's.
is_running() {
    local pid
    pid=$(cat "$state/pids/$1" 2>/dev/null) || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$state/"
}

# end NAME asks it to end, waits for up to ten seconds, then insists.
end() {
    local pid turn
    is_running "$1" || return 0
    pid=$(cat "$state/pids/$1")
    kill "$pid" 2>/dev/null || return 0
    for ((turn = 0; turn < 50; turn++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.2
    done
    kill -9 "$pid" 2>/dev/null || true
}

# In order, each waited for: a new etcd beside a dying one would find its port taken.
end_all() {
    local pid place
    end kube-proxy
    end kubelet
    if is_running containerd; then
        for pid in $(ctr --address "$socket" --namespace k8s.io tasks list 2>/dev/null | awk 'NR > 1 {print $2}'); do
            kill -9 "$pid" 2>/dev/null || true
        done
        end_shims
    fi
    end containerd
    end kube-scheduler
    end kube-controller-manager
    end kube-apiserver
    end etcd
    # Deepest first.
    awk -v state="$state/" 'index($2, state) == 1 {print $2}' /proc/mounts | sort -r | while read -r place; do
        umount -l "$place"
    done
    ip link delete $bridge 2>/dev/null || true
}

# One supervises each pod, and outlives containerd.
end_shims() {
    local directory pid
    for directory in /proc/[0-9]*; do
        pid=${directory#/proc/}
        if tr '\0' ' ' <"$directory/cmdline" 2>/dev/null | grep -q "containerd-shim.* -address $socket"; then
            kill "$pid" 2>/dev/null || true
        fi
    done
}

# What kube-proxy and kubelet told the kernel; kubelet takes nothing back by itself.
forget_packet_rules() {
    local program table chain
    [[ ! -x $programs/kube-proxy ]] || "$programs/kube-proxy" --cleanup >/dev/null 2>&1 || true
    for program in iptables ip6tables; do
        for chain in INPUT OUTPUT; do
            "$program" -D "$chain" -j KUBE-FIREWALL 2>/dev/null || true
        done
        for table in filter nat mangle; do
            for chain in KUBE-FIREWALL KUBE-KUBELET-CANARY KUBE-IPTABLES-HINT; do
                "$program" -t "$table" -F "$chain" 2>/dev/null || true
                "$program" -t "$table" -X "$chain" 2>/dev/null || true
            done
        done
    done
}
