import tempfile
from contextlib import suppress
from pathlib import Path
import numpy as np, torch
from arm_nb.streams import *
from arm_nb.streams import PARTS, as_bytes, as_class_order, both_protocols, check_batch, check_input, check_unit, cifar10_pool, drawn_parts, mini_pool, miniimagenet_fetch, miniimagenet_pool, mnist5k_pool, own_parts, torchvision_fetch, validate

tasks = class_tasks(10, 5)
y = torch.arange(10)
x = torch.zeros(10, 1, 2, 2, dtype=torch.uint8)
parts = by_task(x, y, tasks)
mine = validate(Stream('mine', (1, 2, 2), 10, tasks, parts, parts, parts))
for xb, yb in mine.batches(0, 2, seed=0): check_batch(xb, yb, (1, 2, 2), 10); check_input(xb); check_unit(xb, 'nobody')
assert sorted(order(5, seed=0, stage=0).tolist()) == [0, 1, 2, 3, 4] and to_unit(x + 255).max() == 1
assert sorted(permutation(4, 1, 2).tolist()) == as_class_order(None, 4) == [0, 1, 2, 3]
assert [len(i) for i in split_per_class(np.arange(10) % 2, (3, 2))] == [6, 4] and paper_shares(600) == (456, 24, 120)
assert [len(i) for i in split_5k(np.arange(40) % 2, per_class=5)] == [10, 2]
assert [len(i) for i in draw_tasks(np.arange(40) % 2, 0, [(0, 1)], 5)] == [10, 2]
assert as_bytes(np.zeros((4, 2, 2)), [0, 1, 0, 1])[0].shape == (4, 1, 2, 2)
mine = Stream.from_arrays('mine', np.zeros((8, 2, 2), 'uint8'), np.arange(8) % 2)
assert list(PARTS) == ['train', 'val', 'test'] and mine.with_class_order(0).n_tasks == 2 and len(mine.fingerprint()) == 64

spec = data_spec('mnist5k')
assert isinstance(spec, DataSpec) and set(DATASETS) >= {'mnist-mini', 'mnist-color'} and spec.name == 'mnist5k'
ways = both_protocols(mini_pool, per_class=400)
assert len(ways['splits'](None)['train'][1]) == 4000 and len(ways['released'](None, 0, tasks)['train'][1]) == 4000 and ways['anew']
assert own_parts(None, mini_pool).keys() == drawn_parts(None, 0, tasks, mini_pool, 400, True).keys() == {*PARTS}
assert is_there('mnist-mini') and not is_there('mnist5k', '/nowhere') and download('mnist-mini').train[0][0] is get_stream().train[0][0]
assert register_data('mine', lambda: mine).counts == get_stream('mine').counts
assert get_stream(protocol='released').for_run(3).run_seed == 3

with tempfile.TemporaryDirectory() as root:
    for read in (mnist5k_pool, cifar10_pool, miniimagenet_pool):
        with suppress(FileNotFoundError): assert not read(root)
    with suppress(ValueError): assert not miniimagenet_fetch(root)
    with suppress(FileNotFoundError): assert not Stream.from_folder(root)

    import torchvision
    torchvision.datasets.MNIST = lambda root, download: Path(root, 'came').touch()  # no network in a test
    torchvision_fetch(root, 'MNIST')
    assert Path(root, 'came').exists()
