#!/usr/bin/env bash
# bash tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [options of test.py]
# Several machines: the same on each, with NNODES, NODE_RANK, MASTER_ADDR, PORT.
# One machine: on any free port, unless PORT is given.
# Without a GPU the processes run on the CPU.
set -euo pipefail
CONFIG=${1:?usage: dist_test.sh CONFIG CHECKPOINT PROCESSES [options]}
CHECKPOINT=${2:?usage: dist_test.sh CONFIG CHECKPOINT PROCESSES [options]}
GPUS=${3:?usage: dist_test.sh CONFIG CHECKPOINT PROCESSES [options]}

MEET=(--standalone --local_addr=127.0.0.1)
if [ "${NNODES:-1}${PORT:-}" != 1 ]; then
    MEET=(
        --nnodes="${NNODES:-1}"
        --node_rank="${NODE_RANK:-0}"
        --master_addr="${MASTER_ADDR:-127.0.0.1}"
        --master_port="${PORT:-29500}"
    )
fi
# A signal to this script is one to the launcher.
exec python -m torch.distributed.run "${MEET[@]}" \
    --nproc_per_node="$GPUS" \
    "$(dirname "$0")/test.py" "$CONFIG" "$CHECKPOINT" --launcher pytorch \
    "${@:4}"
