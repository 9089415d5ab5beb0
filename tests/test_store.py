"The store over several runs: a network or images of another run beside a record, a run that goes on without them, a record that no run leaves."
import json
from dataclasses import replace
from itertools import count

import pytest
import torch

from arm_nb import experiment, sweeps
from arm_nb.experiment import Stopped, build, fit_and_keep, load_images, sweep
from arm_nb.record import RunRecord, begun, images_path, load_records, load_tensors, network_path, read_checkpoint, save_tensors
from arm_nb.report import command_of, load_table
from arm_nb.streams import DATASETS
from arm_nb.sweeps import plan

SHORT = dict(rehearsal=4, progress=False)
QUICK = SHORT | dict(S=1)                                                         # one step of recall


def stop_at(t):
    "A callback that stops a run"
    def stop(learner):
        if learner.t == t: raise KeyboardInterrupt
    return stop


# ---- the network beside a record is that of its run

def changed(path):
    "The record as of another run of the same settings: what an older version left."
    r = RunRecord.load(path)
    replace(r, losses={k: v[::-1] for k, v in r.losses.items()}).save(path)


def test_a_network_of_another_run_goes_with_its_record(tmp_path):
    _, path = fit_and_keep(build(method='arm', **QUICK), tmp_path, keep_network=True)
    fit_and_keep(build(method='arm', **QUICK), tmp_path)
    assert network_path(path).exists() and [*load_images(path)]                    # the same run: they are still its own
    changed(path)
    fit_and_keep(build(method='arm', **QUICK), tmp_path)
    assert not network_path(path).exists() and not images_path(path).exists()


@pytest.mark.parametrize('left', [b'', b'half a file'])
def test_a_sweep_wants_a_network_that_can_be_read(tmp_path, left):
    def go(): return sweep(methods='naive', seeds=[0], folder=tmp_path, workers=1, keep_network=True, **SHORT)
    go()
    (network,) = tmp_path.glob('**/*.network.pt')
    network.write_bytes(left)
    go()
    assert set(load_tensors(network)) == set(build(method='naive', **SHORT).strategy.model.state_dict())


# ---- a run that goes on

def test_a_run_that_kept_no_images_is_not_gone_on_with_as_if_it_had(tmp_path):
    checkpoint = tmp_path/'seed-0.checkpoint'
    def go(stop, keep, method='arm'):
        learner = build(method=method, callbacks=[stop_at(stop)], checkpoint=checkpoint, checkpoint_every=1, **QUICK if method == 'arm' else SHORT)
        return fit_and_keep(learner, tmp_path/'runs', keep)
    for stop, refused in ((3, False), (6, False), (11, True)):                     # recall begins with the second task; half-way through it is t = 6
        checkpoint.unlink(missing_ok=True)
        with pytest.raises(Stopped): go(stop, False)
        if not refused:
            _, path = go(0, True)
            assert [*load_images(path)] == [6, 10, 14, 18]
            images_path(path).unlink()
            continue
        with pytest.raises(ValueError, match='seed-0.checkpoint is of a run that did not keep .* iteration 6: delete it'): go(0, True)
        assert read_checkpoint(checkpoint)                                         # still there, for who goes on without
        go(0, False)
    with pytest.raises(Stopped): go(11, False, 'er')
    go(0, True, 'er')                                                              # replays, and has no such images


def test_a_run_that_is_killed_is_counted(tmp_path):
    checkpoint = tmp_path/'mnist-mini'/'naive'/'0123456789'/'seed-0.0.checkpoint'
    with pytest.raises(KeyboardInterrupt): build(method='naive', callbacks=[stop_at(9)], checkpoint=checkpoint, **SHORT).fit()
    assert begun(tmp_path) == [checkpoint]
    with pytest.raises(FileNotFoundError, match='1 did not come to their end'): load_records(tmp_path)
    for other in ('seed-0.json', 'seed-0.json.incomplete'):                        # run again for its curves; stopped, and told of as such
        checkpoint.with_name(other).touch()
        assert begun(tmp_path) == []
        checkpoint.with_name(other).unlink()


def test_other_threads_are_noted_where_a_run_goes_on(tmp_path):
    checkpoint = tmp_path/'c'
    with pytest.raises(KeyboardInterrupt): build(method='naive', callbacks=[stop_at(9)], checkpoint=checkpoint, **SHORT).fit()
    with experiment.threads(2): record = build(method='naive', checkpoint=checkpoint, **SHORT).fit()
    assert record.versions['threads'] == 1 and record.versions['resumed'] == [{'threads': 2}]


def test_images_that_cannot_be_read_are_named_and_made_anew(tmp_path):
    _, path = fit_and_keep(build(method='arm', **QUICK), tmp_path, keep_network=True)
    images_path(path).write_bytes(b'PK half a file')
    with pytest.raises(ValueError, match=r'seed-0\.recalled\.pt is damaged .*: delete it'): load_images(path)
    fit_and_keep(build(method='arm', **QUICK), tmp_path, keep_network=True)        # from its first iteration: they are all made again
    assert [*load_images(path)] == [6, 10, 14, 18]
    checkpoint = tmp_path/'c'
    with pytest.raises(Stopped): fit_and_keep(build(method='arm', callbacks=[stop_at(9)], checkpoint=checkpoint, **QUICK), tmp_path, keep_network=True)
    images_path(path).write_bytes(b'PK half a file')
    with pytest.raises(ValueError, match=r'seed-0\.recalled\.pt is damaged'): fit_and_keep(build(method='arm', checkpoint=checkpoint, **QUICK), tmp_path, keep_network=True)


def test_what_is_no_file_of_tensors_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'): load_tensors(tmp_path/'nowhere')
    save_tensors(tmp_path/'t.pt', {'a': torch.ones(2)})
    assert load_tensors(tmp_path/'t.pt')['a'].equal(torch.ones(2))
    save_tensors(tmp_path/'t.pt', {'a': torch.ones(100_000)})
    whole = (tmp_path/'t.pt').read_bytes()
    for n in (0, 10, 300, 5_000, 200_000, len(whole) - 10):                        # of 5,000 torch says `OSError: Invalid argument`
        (tmp_path/'t.pt').write_bytes(whole[:n])
        with pytest.raises(ValueError, match=r't\.pt is damaged'): load_tensors(tmp_path/'t.pt')


# ---- what no run leaves is no record

@pytest.mark.parametrize('wrong, says', [
    (dict(seconds={}), "seconds: 'train' is missing"), (dict(seconds={'train': 1.0, 'eval': None}), "seconds: 'eval' must be a number, not None"),
    (dict(memory={'images': 'x'}), "memory: 'images' must be a number, not 'x'"), (dict(memory={'bytes': True}), "memory: 'bytes' must be a number"),
    (dict(curves={}), "curves: must hold 'iteration' and 'accuracy'"), (dict(curves={'iteration': [1], 'accuracy': []}), 'curves: must hold a row of accuracies for each'),
    (dict(curves={'iteration': 1, 'accuracy': 2}), 'curves: must hold a row'), (dict(curves={'iteration': [1], 'accuracy': [[.5]]}), r'accuracy: a row for 5 tasks is \[0.5\]')])
def test_a_record_with_parts_that_no_run_leaves_is_refused_by_name(tmp_path, wrong, says):
    path = tmp_path/'seed-0.json'
    path.write_text(json.dumps(json.loads(RunRecord('mnist-mini', 'naive', 'released', 0, {}, 'test', [[i] for i in range(5)], 5).to_json()) | wrong))
    with pytest.raises(ValueError, match=f'seed-0.json is not taken for a run record: {says}'): load_records(tmp_path)


# ---- what a mark says

class Told(torch.nn.Module):
    "A layer whose text holds an address, which is another each time."
    n = count(1)

    def extra_repr(self): return f'f=<function f at 0x{next(self.n):x}>'


def test_an_address_in_a_layers_text_is_no_part_of_its_mark():
    net = torch.nn.Sequential(torch.nn.Flatten(), Told())
    assert experiment.network_mark(net) == experiment.network_mark(net) and str(net) != str(net)


def test_a_name_that_was_never_given_a_value_can_be_told():
    def f(): return later
    mark = experiment.code_mark(f)
    later = 1
    assert len(mark) == 12 and experiment.code_mark(f) != mark


def test_part_of_miniimagenet_has_a_place_of_its_own(monkeypatch):
    asked = experiment.ask(method='naive')
    s = asked.stream()
    less = replace(s, test=[(x[:-1], y[:-1]) for x, y in s.test])
    monkeypatch.setitem(DATASETS, 'mnist-mini', replace(DATASETS['mnist-mini'], make=None))
    assert 'images' not in asked.marks(s, None) and asked.marks(less, None)['images'] == sum(s.counts) - s.n_tasks


# ---- the table of a store

def test_a_commit_is_no_number(tmp_path):
    (tmp_path/'t.csv').write_text('data,method,changed,seed,accuracy,commit\nmnist-mini,naive,,0,0.5,83e5512\n')
    assert load_table(tmp_path/'t.csv').commit.tolist() == ['83e5512']


def test_an_optimizer_of_ones_own_has_no_command():
    learner = build(method='naive', **SHORT)
    learner.record.marks['optimizer'] = 'Adam'
    assert command_of([learner.record]).startswith("no command: optimizer of one's own")


# ---- the sweep

def test_a_grid_holds_settings_only():
    with pytest.raises(ValueError, match='eval_every is no setting of a method'): plan('mnist-mini', ['naive'], [0], grid={'eval_every': 5})


def test_an_error_without_a_word_is_named(tmp_path, monkeypatch):
    def fail(*args): raise AssertionError
    (job,) = plan('mnist-mini', ['naive'], [0], tmp_path)
    monkeypatch.setattr(sweeps, 'fit_and_keep', fail)
    assert sweeps.run_job(job) == (job.path, 'naive, seed 0: AssertionError')
