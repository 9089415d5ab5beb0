#!/usr/bin/env bash
# The long runs on photographs: Tables 1, 2 and 7 on CIFAR-10, Table 5 on MiniImageNet. Hours to days; called again, it runs what is missing.
#
#   git clone . /work/frozen && make -C /work/frozen setup       a clone that nothing changes under a run
#   cd /work/frozen && ARM_NB_ROOT=/work/data setsid nohup nice -n 19 tools/long_runs.sh /work/runs >>/work/runs.log 2>&1 &
#   arm_nb thin /work/runs results/runs                          small copies, to be committed as they come
#
# ARM_NB_ROOT: torchvision's root folder with the data. WORKERS (2): runs at a time. ITERATIONS (0): of each task, for a rehearsal.
# ROWS: only the rows whose line matches. A row whose runs are all there costs seconds.
# AMP (off): bf16 where that is faster. Measured on one thread, ARM compiled, a whole run: 53 minutes in 32 bits and 28 in bf16 on a
# processor with AMX, 39 and 28 on one with AVX-512 bf16, 61 and 205 on one without either. A row keeps to one of the two: different records.
set -uo pipefail
cd "$(dirname "$0")/.."
store=${1:?the store}
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
: "${ARM_NB_ROOT:?the folder with the data}"
if [ "${AMP:-off}" = bf16 ] && ! grep -qsE 'avx512_bf16|amx_bf16' /proc/cpuinfo; then
    echo 'This processor has no instructions for bfloat16: expect three times the hours. A row begun in bf16 is better left to another machine.' >&2
fi

row() { # seeds, names, further options
    if [[ ! "$*" =~ ${ROWS:-} ]]; then return; fi
    echo "== $(date '+%F %T') seeds $1: ${*:2}"
    .venv/bin/arm_nb sweep --data "${DATA:-cifar10}" --root "$ARM_NB_ROOT" --out "$store" --workers "${WORKERS:-2}" --seed "$1" --method "$2" \
        --channels-last --compile --amp "${AMP:-off}" --checkpoint-every 100 --eval-every 475 --iterations "${ITERATIONS:-0}" "${@:3}" || echo "FAILED: $*"
}

# Table 1: each run of ARM is an hour of a core, the others are minutes. Of ARM and plain SGD the networks are kept, for the pages on the brain.
row 0   arm,naive --keep-network --eval-every 190
row 1   arm,naive --keep-network
row 0-4 lwf,stationary,er-100,er-mir-100,er,er-mir
row 2-4 naive,arm --keep-network
row 0-4 gem,icarl
row 0-4 er-mir-100,er-mir --set bn_stats=move
# Table 2
row 0-2 lwf-unit-lag,arm-no-distill,arm-unit-lag
row 0-2 adi
row 0-2 adi --set div=js
# Table 7 and Figure 5
row 0-2 arm-no-diversity,arm-cross-entropy,arm-no-nonlocality,arm-M-50
row 0-2 arm --flavour paper
row 0-2 arm --set lambda_3=1,4,16,64 --eval-on val
# Table 5, with 60 images of each class
DATA=miniimagenet row 0 naive,lwf,er-100,arm --eval-every 69
# what takes longest
row 0   arm-2-recalls
row 0   adi-no-distill,adi-unit-lag
row 0   gen
row 0   arm-noise
