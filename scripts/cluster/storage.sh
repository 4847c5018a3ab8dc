# Disks of the one-node cluster: folders of this machine as volumes that claims are bound to. To be sourced by node.sh.
# A volume serves one claim in the life of the cluster; `down` deletes them all.
volumes=12

start_storage() {
    {
        cat <<'YAML'
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: node, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
YAML
        local number
        for number in $(seq "$volumes"); do
            mkdir -p "$state/volumes/$number"
            write_volume "$number"
        done
    } | kubectl apply -f - >/dev/null
}

# A `local` volume and no hostPath: kubelet gives it the group that the pod asks for.
write_volume() {
    cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: node-$1}
spec:
  capacity: {storage: 20Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: node
  local: {path: $state/volumes/$1}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node1]}]}]
YAML
}
