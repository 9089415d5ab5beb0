"Streams where one notebook cannot look: other processes, other default devices, the loop, lists of full length."
import pickle, subprocess, sys
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from arm_nb import run, streams, sweep
from arm_nb.learner import Learner, Naive, NaiveConfig
from arm_nb.models import MLP
from arm_nb.readers import miniimagenet_files, read_lists
from arm_nb.streams import DATASETS, Stream, draw_tasks, get_stream


def naive(stream): return Naive(MLP(stream.in_shape, stream.n_classes, hidden=5), NaiveConfig())


def fit(stream, seed, **more):
    torch.manual_seed(0)
    return Learner(naive(stream), stream, seed, progress=False, **more).fit()


# ---- nothing but the seed decides

PROGRAM = '''
import sys, torch
from arm_nb.streams import as_class_order, get_stream, order
if sys.argv[1] != 'none': torch.set_default_device(sys.argv[1])
print(order(20, 3, 1).tolist(), as_class_order(7, 10))
for protocol in ('own', 'released'):
    s = get_stream(protocol=protocol).for_run(3)
    print(s.fingerprint(), s.with_class_order(5).fingerprint(), [y.tolist() for _, y in list(s.batches(2, 10, 3))[:4]])
'''


def test_orders_do_not_depend_on_the_default_device(tmp_path):
    ask = lambda device: subprocess.run([sys.executable, '-c', PROGRAM, device], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert ask('none') == ask('meta') != ''


def test_a_released_stream_goes_to_another_process_and_draws_there():
    drawn = get_stream(protocol='released')
    sent = pickle.loads(pickle.dumps(drawn))
    assert all(a[0].equal(b[0]) for a, b in zip(sent.for_run(4).train, drawn.for_run(4).train))


# ---- the loop takes what a run is given

def test_learner_draws_the_images_of_its_run():
    drawn = get_stream(protocol='released')
    learner = Learner(naive(drawn), drawn, seed=3, progress=False)
    assert learner.stream.run_seed == 3 and learner.record.data == 'mnist-mini-released'
    assert learner.stream.train[0][0].equal(drawn.for_run(3).train[0][0])
    assert learner.sets is learner.stream.test
    assert fit(drawn, 3).same(fit(drawn.for_run(3), 3)) and not fit(drawn, 3).same(fit(drawn, 4))
    own = get_stream()
    assert Learner(naive(own), own, seed=3).stream is own


def test_learner_refuses_to_choose_by_images_that_are_not_there():
    x, y = np.random.RandomState(0).randint(0, 256, (40, 4, 4), np.uint8), np.arange(40) % 4
    stream = Stream.from_arrays('no-val', x, y, sizes=(8, 0, 2))
    assert fit(stream, 0).complete
    with pytest.raises(ValueError, match="no-val has no images for 'val'"): Learner(naive(stream), stream, eval_on='val')


def test_twelve_pictures_in_three_classes_go_through_the_loop(tmp_path):
    for k, c in enumerate(('ant', 'bee', 'cow')):
        for part, n in (('train', 3), ('test', 1)):
            (tmp_path/part/c).mkdir(parents=True)
            for i in range(n): plt.imsave(tmp_path/part/c/f'{i}.png', np.full((8, 8, 3), (90*k, 30*i, 0), np.uint8))
    stream = Stream.from_folder(tmp_path, name='pets')
    record = fit(stream, 0)
    assert record.complete and record.a.shape == (3, 3) and record.n_iterations == 3 and stream.iterations(10) == 1
    turned = fit(stream.with_class_order([2, 0, 1]), 0)
    assert turned.task_classes == [[2], [0], [1]] and not turned.same(record)
    assert fit(Stream.from_folder(tmp_path, task_sizes=[2, 1]), 0).task_classes == [[0, 1], [2]]


# ---- a stream that was changed is another one, and nobody else's

def test_what_is_done_to_one_stream_is_not_done_to_the_next_run():
    plain = run('mnist-mini', 'ncm', progress=False)
    mine = get_stream('mnist-mini')
    mine.train = [(x[:20], y[:20]) for x, y in mine.train]
    mine.passes = 2
    again = run('mnist-mini', 'ncm', progress=False)
    assert plain.n_iterations == 400 and again.same(plain) and get_stream('mnist-mini').passes == 1


def test_a_changed_stream_does_not_get_the_record_of_the_first(tmp_path):
    x, y = np.random.RandomState(0).randint(0, 256, (60, 8, 8), np.uint8), np.arange(60) % 4
    stream = Stream.from_arrays('mine', x, y, n_tasks=2, sizes=(10, 2, 3))
    def go(): return sweep(stream, ['naive'], [0], folder=tmp_path, workers=1, preset='mnist5k')[0]
    first = go()
    assert go().same(first)
    stream.train, stream.passes = [(255 - x, y) for x, y in stream.train], 3
    second = go()
    assert second.n_iterations == 3*first.n_iterations and second.marks != first.marks


# ---- MiniImageNet: the lists decide

def lists(root, images_of): # class number -> how many images
    for path, classes in zip(miniimagenet_files(root), (range(64), range(64, 80), range(80, 100))):
        path.parent.mkdir(exist_ok=True)
        path.write_text('filename,label\n' + ''.join(f'n{c:02}_{i}.jpg,n{c:02}\n' for c in classes for i in range(images_of(c))))


@pytest.mark.parametrize('n, of_each, counts, iterations', [(600, (456, 24, 120), (45_600, 2_400, 12_000), 684),      # Table 3, and its T
                                                            (60, (46, 2, 12), (4_600, 200, 1_200), 69)])
def test_miniimagenet_has_the_shares_of_the_paper(n, of_each, counts, iterations, tmp_path, monkeypatch):
    "Lists of the true length; one pixel in place of a picture"
    monkeypatch.setattr(streams, 'decoded', lambda folder, names: np.zeros((len(names), 3, 1, 1), np.uint8))
    monkeypatch.setitem(DATASETS, 'miniimagenet', replace(DATASETS['miniimagenet'], in_shape=(3, 1, 1)))
    lists(tmp_path, lambda c: n)
    own = get_stream('miniimagenet', tmp_path)
    assert own.counts == counts and own.iterations(10) == iterations and own.n_tasks == 20
    for part, of_one in zip((own.train, own.val, own.test), of_each):
        assert all((y.bincount()[list(t)] == of_one).all() for (_, y), t in zip(part, own.task_classes))
    drawn = get_stream('miniimagenet', tmp_path, 'released')
    assert drawn.counts[2] == counts[2] and sum(drawn.counts) == sum(counts) and drawn.iterations(10) == iterations
    assert abs(drawn.counts[1] - counts[1]) <= .2*counts[1]                         # 5% of a task, and not of each class


def test_a_list_that_was_cut_short_is_refused(tmp_path):
    lists(tmp_path, lambda c: 599 if c == 17 else 600)
    with pytest.raises(ValueError, match='have 599 images of class n17 and 600 of others: there must be equally many'): read_lists(tmp_path)


# ---- the released draw, against a literal telling of it

def test_the_released_draw_is_what_the_facts_say():
    rng = np.random.RandomState(1)
    y = rng.choice(4, 2000, p=(.3, .2, .25, .25))
    train, val = draw_tasks(y, 5, [(0, 1), (2, 3)], 150)
    for j, classes in enumerate([(0, 1), (2, 3)]):
        mine = [i for i in range(2000) if y[i] in classes]
        shuffled = [mine[k] for k in streams.permutation(len(mine), 5, j, 0, 1).tolist()]
        n_val = round(.05*len(mine))
        kept, full = [], dict.fromkeys(classes, 0)
        for i in shuffled[:len(mine) - n_val]:
            if full[y[i]] < 150: kept.append(i); full[y[i]] += 1
        assert [i for i in train if y[i] in classes] == kept and [i for i in val if y[i] in classes] == shuffled[len(mine) - n_val:]
