#!/usr/bin/env bash
# What a borrowed machine with an NVIDIA card is to do, in one command that ends by itself: CUDA tests, one iteration in ms, the long runs that are
# missing. It needs PyTorch, and no network. Called again, it goes on. How to call it is in CONTRIBUTING.md, "On a borrowed GPU".
#
#   tools/gpu.sh [--minutes 8] [--out DIR] [--rows REGEX] [--workers 12]    results in DIR ($OUT, else gpu-out/), at most 8 files of 16 MiB
#   tools/gpu.sh --rehearse [--iterations 20] …                             the same on the CPU with two workers
#   tools/gpu.sh --plan                                                     the rows, in their order
#   tools/gpu.sh --pack ../shared/data [--checkpoints DIR]                  here: the data in pieces that can be carried, and the calls
set -u
cd "$(dirname "$0")/.."
export PYTHONPATH=$PWD PYTHONUNBUFFERED=1 MPLBACKEND=agg OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
export NVIDIA_TF32_OVERRIDE=0               # single precision is what a record says: not TF32, which PyTorch takes for convolutions
python=python3
if [ -x .venv/bin/python ]; then python=.venv/bin/python; fi
exec "$python" tools/gpu.py "$@"
