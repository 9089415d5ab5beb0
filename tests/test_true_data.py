"""The true MNIST, CIFAR-10 and MiniImageNet, where they are: ARM_NB_ROOT names the folder (torchvision's layout). Skipped by name elsewhere.

`.ci/run` unpacks them where they lie beside the repository.
"""
import os, shutil
from pathlib import Path

import numpy as np
import pytest

from arm_nb.experiment import ask
from arm_nb.readers import cifar_files, idx_files, read_lists
from arm_nb.streams import get_stream, is_there, paper_shares

COUNTS = {'mnist5k': (5_000, 3_000, 10_000), 'cifar10': (47_500, 2_500, 10_000)}          # Table 3
NAMES = [*COUNTS, 'miniimagenet']


def true(name, protocol='own'):
    root = os.environ.get('ARM_NB_ROOT')
    if not root: pytest.skip(f'{name}: ARM_NB_ROOT is not set')
    if not is_there(name, root): pytest.skip(f'{name} is not under ARM_NB_ROOT={root}')
    return get_stream(name, root, protocol)


def want(name):
    if name in COUNTS: return COUNTS[name]
    _, y = read_lists(os.environ['ARM_NB_ROOT'])                                          # 600 a class: Table 3; fewer: the same shares
    return tuple(100*n for n in paper_shares(len(y)//100))


def contents(part): return {img.numpy().tobytes() for x, _ in part for img in x}


@pytest.mark.parametrize('name', NAMES)
def test_counts_are_those_of_table_3_and_no_image_is_in_two_parts(name):
    s = true(name)
    assert s.counts == want(name) and s.n_tasks == (20 if name == 'miniimagenet' else 5)
    for part in (s.train, s.test):                                                        # classes are equally many, but in MNIST's test file
        if name != 'mnist5k' or part is s.train:
            assert all(len(set(y.bincount()[list(t)].tolist())) == 1 for (_, y), t in zip(part, s.task_classes))
    train, val, test = map(contents, (s.train, s.val, s.test))
    assert not train & val and not train & test and not val & test


@pytest.mark.parametrize('name, iterations', [('mnist5k', 100), ('cifar10', 950)])
def test_a_task_is_as_long_as_the_paper_says(name, iterations): assert true(name).iterations(10) == iterations


def test_miniimagenets_task_is_as_long_as_its_lists_say():
    s = true('miniimagenet')
    train = want('miniimagenet')[0]
    assert s.iterations(10) == 3*-(-train//20//10) and (train != 45_600 or s.iterations(10) == 684) and (train != 4_600 or s.iterations(10) == 69)


def test_miniimagenet_in_part_has_a_place_of_its_own():
    test = want('miniimagenet')[2]
    assert ask('miniimagenet', 'naive', root=os.environ['ARM_NB_ROOT']).head().marks == ({} if test == 12_000 else {'images': 5*test})


@pytest.mark.parametrize('name', NAMES)
def test_the_released_protocol_draws_from_the_same_images(name):
    own, drawn = true(name), true(name, 'released')
    runs = [drawn.for_run(seed) for seed in ((0, 1) if drawn.run_seed == 0 else (0,))]
    assert all(contents(r.test) == contents(own.test) for r in runs)
    for r in runs:
        train, val, test = map(contents, (r.train, r.val, r.test))
        assert not train & val and not train & test and not val & test
        assert r.counts[0] == own.counts[0] or name == 'miniimagenet'
        if name != 'mnist5k': assert train | val == contents(own.train) | contents(own.val)       # MNIST-5k leaves 52,000 out, others each time
    assert len({r.train[0][0].numpy().tobytes() for r in runs}) == len(runs)


def test_mnist5ks_tasks_end_with_batches_of_one_class():
    drawn = true('mnist5k', 'released')
    tails = [len(y) - int((y != y[-1]).nonzero()[-1]) - 1 for seed in range(10) for _, y in drawn.for_run(seed).train]
    assert 10 <= np.median(tails) and max(tails) < 120                                    # "up to seven batches" of ten; 50 tasks here
    for (_, y), t in zip(drawn.for_run(3).train, drawn.task_classes): assert (y.bincount()[list(t)] == 500).all()


@pytest.mark.parametrize('name, file', [('mnist5k', 'train-labels-idx1-ubyte'), ('cifar10', 'test_batch')])
def test_a_file_with_one_bit_changed_is_refused(name, file, tmp_path):
    true(name)
    files = {'mnist5k': lambda r: idx_files('MNIST', r), 'cifar10': cifar_files}[name]
    for there, here in zip(files(os.environ['ARM_NB_ROOT']), files(tmp_path)):
        here.parent.mkdir(parents=True, exist_ok=True)
        if there.name == file: shutil.copy(there, here)
        else: here.symlink_to(Path(there).resolve())
    bad = next(f for f in files(tmp_path) if f.name == file)
    data = bytearray(bad.read_bytes()); data[1000] ^= 1
    bad.chmod(0o644); bad.write_bytes(data)
    with pytest.raises(ValueError, match=f'{file} is damaged'): get_stream(name, tmp_path)
