"""A run that is killed with SIGKILL, which no program can catch, goes on from its checkpoint bit for bit: also when it dies while writing one.

(Ctrl-C at many places, and checkpoints that are damaged or of another run, are tested in `nbs/library/record.ipynb`.)
"""
import os, signal, subprocess, sys
from pathlib import Path

import pytest, torch
import torch.nn.functional as F

from arm_nb.learner import Learner, Naive, NaiveConfig, RunRecord
from arm_nb.models import model_for
from arm_nb.record import run_path
from arm_nb.streams import Stream, class_tasks


class Noisy(Naive):
    "Draws from its own generator and from torch's global one, and keeps a tensor of its own."
    name, mean = 'noisy', torch.zeros(4)

    def step(self, xb, yb):
        losses = super().step(F.dropout(xb + .1*torch.randn(xb.shape, generator=self.generator), .2), yb)
        self.mean = .9*self.mean + .1*self.model(xb).detach().mean(0)
        if self.t >= 15: self.recalled_p = self.mean.softmax(0)
        return losses

    def state_dict(self): return super().state_dict() | dict(mean=self.mean)
    def load_state_dict(self, state): super().load_state_dict(state); self.mean = state['mean']


def noisy(checkpoint=None, callbacks=()):
    "Two stages of 10 iterations; a checkpoint every 4 iterations and at the end of each stage: at 4, 8, 10, 12, 16, 20, 20."
    draw, tasks = torch.Generator().manual_seed(1), class_tasks(4, 2)
    parts = [(torch.randint(256, (40, 1, 4, 4), dtype=torch.uint8, generator=draw), torch.tensor(t*20)) for t in tasks]
    stream = Stream('tiny', (1, 4, 4), 4, tasks, parts, parts, parts)
    strategy = Noisy(model_for((1, 4, 4), 4, seed=3), NaiveConfig(N=4), torch.Generator().manual_seed(3))
    return Learner(strategy, stream, seed=3, eval_every=3, progress=False, callbacks=callbacks,
                   checkpoint=checkpoint, checkpoint_every=4 if checkpoint else 0)


def die(): os.kill(os.getpid(), signal.SIGKILL)


def die_at(t):
    def cb(learner):
        if learner.t == t: die()
    return cb


def die_while_writing(n):
    "In the n-th checkpoint from now, with half of its bytes on the disk."
    fsync, left = os.fsync, iter(range(n - 1, -1, -1))
    def half(descriptor):
        if next(left): return fsync(descriptor)
        os.ftruncate(descriptor, os.fstat(descriptor).st_size//2)
        fsync(descriptor), die()
    os.fsync = half


def die_before_renaming(n):
    "In the n-th checkpoint from now, when all of it is written and nothing has its name yet."
    replace, left = os.replace, iter(range(n - 1, -1, -1))
    def no_replace(*args): replace(*args) if next(left) else die()
    os.replace = no_replace


def child(how, n, checkpoint):
    torch.set_num_threads(1)
    if how != 'at': globals()[f'die_{how}'](n)
    noisy(checkpoint, [die_at(n)] if how == 'at' else []).fit()


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='no SIGKILL here')
def test_a_killed_run_goes_on_bit_for_bit(tmp_path):
    checkpoint = tmp_path/'run.pt'
    whole = noisy()
    whole.fit()
    assert whole.record.complete and whole.record.n_iterations == 20 and whole.record.recalled[14:16].count(None) == 1
    #  how it dies                 at which of its own iterations or checkpoints       what the file then holds
    for how, n, done in (('at', 7, 4),                      # between two checkpoints
                         ('while_writing', 2, 8),           # 8, and half of the one at the end of stage 0
                         ('before_renaming', 3, 12),        # 10, 12, and the one at 16 not yet renamed
                         ('at', 20, 16)):                   # the very last iteration, not yet tested
        r = subprocess.run([sys.executable, __file__, how, str(n), checkpoint], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert r.returncode == -signal.SIGKILL, (how, n, r.stderr)
        left = RunRecord.from_json(torch.load(checkpoint, weights_only=True)['record'])
        assert left.n_iterations == done and not left.complete, (how, n)
    assert len([*tmp_path.glob('.*.tmp')]) == 2             # of two that died writing: no file's name, in nobody's way
    resumed = noisy(checkpoint)
    resumed.fit()
    assert resumed.record.same(whole.record) and resumed.t == whole.t
    assert torch.equal(resumed.strategy.mean, whole.strategy.mean)
    assert all(torch.equal(p, q) for p, q in zip(resumed.strategy.model.parameters(), whole.strategy.model.parameters()))


if __name__ == '__main__': child(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))


# ---- what the loop tells, and what a record tells apart

def test_the_loop_says_how_many_classes_a_batch_can_hold_and_takes_it_back():
    "So that ARM need not look, for which a GPU would wait; in one's own loop it looks."
    told = []
    class Told(Naive):
        def step(self, xb, yb): told.append(self.most_classes); return super().step(xb, yb)
    learner = noisy()
    model, stream = learner.strategy.model, learner.stream
    s = Told(model, NaiveConfig(N=4))
    Learner(s, stream, progress=False).fit()
    assert told == [2]*20 and s.most_classes is None
    told.clear()
    Learner(s, stream.stationary(), progress=False).fit()
    assert told == [4]*20
    def stop(_): raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt): Learner(s, stream, progress=False, callbacks=[stop]).fit()
    assert s.most_classes is None


def test_a_run_with_another_optimizer_is_another_run(tmp_path):
    "It shares neither a checkpoint nor a place in the store, and a record tells its optimizer."
    def begun(optimizer=None, **more):
        strategy = Naive(model_for((1, 4, 4), 4, seed=3), NaiveConfig(N=4), optimizer=optimizer)
        return Learner(strategy, noisy().stream, seed=3, progress=False, **more)
    adam, slower = (lambda p: torch.optim.Adam(p, 1e-3)), (lambda p: torch.optim.Adam(p, 1e-4))
    runs = [begun(), begun(adam), begun(slower), begun(lambda p: torch.optim.SGD(p, .05))]
    assert len({run_path(r.record, tmp_path) for r in runs}) == 4 and runs[0].record.marks == {}
    assert run_path(begun(adam).record, tmp_path) == run_path(runs[1].record, tmp_path)
    assert runs[1].record.marks['optimizer'].startswith('Adam') and runs[2].record.differs_from(runs[1].record).startswith('marks')
    file = tmp_path/'run.checkpoint'
    begun(adam, checkpoint=file).fit()
    for other in (None, slower):
        with pytest.raises(ValueError, match='belongs to another run: optimizer is .*Adam'): begun(other, checkpoint=file).fit()
    assert begun(adam, checkpoint=file).fit().same(begun(adam).fit())
