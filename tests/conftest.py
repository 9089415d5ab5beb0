"Shared by all tests: one thread, no screen, hypothesis without deadlines, and where things are."
import gzip, os
from pathlib import Path

for v in ('OMP_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ.setdefault(v, '1')  # before torch is imported
os.environ.setdefault('MPLBACKEND', 'agg')

import pytest, torch
from hypothesis import HealthCheck, settings

torch.set_num_threads(1)
# derandomize: the same examples every time, so that a red CI is red on the next machine too
settings.register_profile('arm_nb', deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('arm_nb')

FASHION = Path('/usr/share/datasets/fashion-mnist')


@pytest.fixture(scope='session')
def root(): return Path(__file__).resolve().parents[1]


@pytest.fixture(scope='session')
def fashion_root(tmp_path_factory):
    "A torchvision root holding the real Fashion-MNIST, from Debian's package."
    if not FASHION.is_dir(): pytest.skip('no Fashion-MNIST here: apt-get install dataset-fashion-mnist')
    raw = tmp_path_factory.mktemp('torchvision')/'FashionMNIST'/'raw'
    raw.mkdir(parents=True)
    for f in FASHION.glob('*.gz'): (raw/f.stem).write_bytes(gzip.decompress(f.read_bytes()))
    return raw.parents[1]
