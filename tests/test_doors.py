"What every strategy is asked at its doors: what it takes, what it refuses, and that a refusal leaves everything as it was. And replay where tasks blend."
import copy
from dataclasses import fields, replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from arm_nb.baselines.gem import Ring
from arm_nb.baselines.icarl import Exemplars
from arm_nb.baselines.replay import Er, Reservoir
from arm_nb.divergence import max_violation, violations
from arm_nb.experiment import METHODS, ask
from arm_nb.learner import Learner, Naive, Strategy, check_fit, count_right
from arm_nb.models import MLP
from arm_nb.streams import Stream, to_unit

SMALL = dict(N=4, M=4, T=8, recall_from=8, S=2, mem_total=12, candidates=6, iterations=2, hidden=8, z=3, warmup=8, n_features=16, epochs=5)   # of these, what a method has
STORING, PAINTING = ['er', 'er-mir', 'icarl', 'gem', 'a-gem'], ['gen', 'gen-mir']
each = pytest.mark.parametrize('name', METHODS)
storing = pytest.mark.parametrize('name', STORING)


def config(name, **changed):
    base = METHODS[name].config.preset('mnist-mini')
    has = {f.name for f in fields(base)}
    return replace(base, **{k: v for k, v in {**SMALL, **changed}.items() if k in has})


def make(name, model=None, **changed):
    "A method on images of 1x4x4 and six classes"
    m = METHODS[name]
    torch.manual_seed(0)
    net = m.model((1, 4, 4), 6, 0) if model is None else model
    return m.strategy(net, config(name, **changed), torch.Generator().manual_seed(0))


def net(*layers, out=6):
    "Somebody else's network, which says no more about itself than a generator needs"
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), *layers, nn.ReLU(), nn.Linear(8, out))
    model.in_shape = (1, 4, 4)
    return model


def batch(n=4, classes=(0, 1), seed=0):
    g = torch.Generator().manual_seed(seed)
    return torch.randint(256, (n, 1, 4, 4), generator=g)/255, torch.tensor(classes)[torch.arange(n) % len(classes)]


def same(a, b):
    "Equal all the way down, tensors bit for bit"
    if isinstance(a, torch.Tensor): return torch.equal(a, b)
    if isinstance(a, dict): return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)): return len(a) == len(b) and all(map(same, a, b))
    return a == b


def refuses(strategy, call, says, error=ValueError):
    "It is refused with these words, and neither the strategy nor torch's random state has moved."
    before, at, grad = copy.deepcopy(strategy.state_dict()), torch.get_rng_state(), torch.is_grad_enabled()
    with pytest.raises(error, match=says): call()
    assert same(before, strategy.state_dict()) and torch.equal(at, torch.get_rng_state()) and torch.is_grad_enabled() == grad


# ---- tasks that blend (item 2)

CLASSES, EACH = 10, 203


def blended(kind):
    "1,015 images of ten classes in the order of five tasks of 203, so that batches of ten span two tasks; with 2% from anywhere; or all classes in every task"
    g = torch.Generator().manual_seed(0)
    y = torch.cat([torch.tensor((2*t, 2*t + 1)).repeat(EACH)[:EACH] for t in range(5)])
    if kind == '2%':
        i = (torch.rand(len(y), generator=g) < .02).nonzero()[:, 0]
        y[i] = y[i[torch.randperm(len(i), generator=g)]]
    if kind == 'all': y = y[torch.randperm(len(y), generator=g)]
    pictures = (torch.rand(CLASSES, 1, 8, 8, generator=g) > .75).float()
    return pictures, .8*pictures[y] + .2*torch.rand(len(y), 1, 8, 8, generator=g), y


@storing
@pytest.mark.parametrize('told', [False, True], ids=['told nothing', 'told'])
@pytest.mark.parametrize('kind', ['203', '2%', 'all'])
def test_replay_goes_on_where_tasks_blend(name, kind, told):
    pictures, x, y = blended(kind)
    torch.manual_seed(0)
    s = METHODS[name].strategy(MLP((1, 8, 8), CLASSES, hidden=50), METHODS[name].config(mem_total=50, eta_0=.1), torch.Generator().manual_seed(0))
    replayed, most = 0, 0
    for t, i in enumerate(torch.arange(len(y)).split(10)):
        if told and t % 21 == 0: s.begin_task()
        s.observe(x[i], y[i])
        replayed += t >= 21 and s.recalled_p is not None
        most = max(most, s.memory().images)
    assert replayed == 81                                                      # all that there were; it was 0
    right = s.predict(pictures).argmax(1).eq(torch.arange(CLASSES)).float().mean()
    assert right >= (.5 if name == 'a-gem' else .9)                            # plain SGD: 0.2, where tasks do not come back. A-GEM only forbids
    assert most == 50 if name != 'icarl' else most <= (100 if not told else 50 + 210)


@storing
def test_memory_counts_what_is_held(name):
    s = make(name)
    for t in range(3):
        s.begin_task()
        for k in range(10): s.observe(*batch(4, (2*t, 2*t + 1), k))
        held = len(s.store) + sum(len(y) for _, y in s.store.at_hand) if name == 'icarl' else len(s.buffer.x) if 'gem' not in name else s.ring.x[..., 0, 0, 0].numel()
        assert s.memory().images == max(12, held)
    assert name != 'icarl' or s.memory().images == 12 + 40


@storing
@pytest.mark.parametrize('first', [0, 3])
def test_where_a_task_began_is_in_the_state(name, first):
    "Cut in the middle of a task, or right after one was announced, and gone on with by another object."
    def learn(s, ts):
        for t in ts:
            if t % 6 == first % 6: s.begin_task()
            s.observe(*batch(4, (2*(t//6) % 6, 2*(t//6) % 6 + 1), t))
        return s
    whole, half = learn(make(name), range(18)), learn(make(name), range(9))
    half.begin_task()                                                          # twice running does no harm
    whole = learn(make(name), range(9)); whole.begin_task()
    resumed = make(name); resumed.load_state_dict(copy.deepcopy(half.state_dict()))
    assert same(learn(whole, range(9, 18)).state_dict(), learn(resumed, range(9, 18)).state_dict())


class ByClasses(Er):
    "ER by the rule that it had: classes that share a batch share a task, and are left out of replay"
    groups = ()

    def past(self, labels):
        now = set(labels.tolist())
        joined = now.union(*(g for g in self.groups if g & now))
        self.groups = [*(g for g in self.groups if not g & now), joined]
        return dict(exclude=sorted(joined))


def test_sharp_tasks_give_the_records_they_gave():
    pictures = torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    tasks = ((0, 1), (2, 3), (4, 5))
    part = [((pictures[torch.tensor(t).repeat(40)]*255).byte(), torch.tensor(t).repeat(40)) for t in tasks]
    stream = Stream('tiny', (1, 4, 4), 6, tasks, part, part, part)
    records = [Learner(kind(MLP((1, 4, 4), 6, hidden=8), config('er', M=8)), stream, seed=0, progress=False) for kind in (Er, ByClasses)]
    torch.manual_seed(0)
    for r in records[1:]: r.strategy.model.load_state_dict(records[0].strategy.model.state_dict())
    now, was = (r.fit() for r in records)
    assert now.same(was) and any(now.recalled) and same(*(r.strategy.state_dict() for r in records))


# ---- pixels (items 3 and 4)

@pytest.mark.parametrize('name', [*STORING, 'gdumb', *PAINTING])
def test_bytes_are_stored_so_pixels_beyond_0_and_1_are_refused(name):
    xb, yb = batch()
    s = make(name)
    for normalised in ((xb - .13)/.31, xb*255, xb - 1):
        refuses(s, lambda: s.observe(normalised, yb), f'(?s)xb has pixels from .* to .*{name}.*Normalize')
        refuses(s, lambda: s(normalised, yb), 'belongs into the network')      # the first batch of the fast way, too
    s.observe(xb, yb)
    refuses(s, lambda: s.observe((xb - .13)/.31, yb), 'must lie in')
    s.observe(xb*(1 + 1e-6) - 1e-6, yb)                                        # rounding is not meant
    from torchvision.transforms import Normalize
    inside = nn.Sequential(Normalize(mean=[.13], std=[.31]), METHODS[name].model((1, 4, 4), 6, 0))
    inside.in_shape = (1, 4, 4)
    make(name, inside).observe(xb, yb)


@pytest.mark.parametrize('name', ['naive', 'masked', 'ncm', 'slda', 'ridge', 'lwf', 'arm', 'adi'])
def test_who_stores_nothing_takes_any_pixels(name): make(name).observe((batch()[0] - .13)/.31, batch()[1])


@each
def test_predict_has_the_rule_of_observe(name):
    s = make(name)
    xb, yb = batch()
    for seen in (False, True):
        if seen: s.observe(xb, yb)
        for x, says in (((xb*255).byte(), r'x is torch.uint8: pixels must be floats.*to_unit\(x\)'), ((xb*255).long(), 'x is torch.int64'), (xb.numpy(), 'x is a ndarray'),
                        (xb[0], r'x has shape \(1, 4, 4\)'), (xb.flatten(1), r'x has shape \(4, 16\).*x\[:, :, None, None\]'), (xb[..., :3], r'x has shape \(4, 1, 4, 3\)')):
            refuses(s, lambda: s.predict(x), says)
        assert s.predict(xb).shape == (4, 6)


def test_what_takes_bytes_refuses_floats_and_the_reverse():
    xb, yb = batch()
    with pytest.raises(ValueError, match='x is torch.float32: to_unit takes bytes'): to_unit(xb)
    with pytest.raises(ValueError, match='x is torch.float32'): count_right(make('naive'), xb, yb)
    for add in (Reservoir(4).add, Ring(2, 2, (1, 4, 4)).add, Exemplars(4).add):
        with pytest.raises(ValueError, match='xb? is torch.uint8'): add((xb*255).byte(), yb)


# ---- networks and batches that cannot be learned (items 11 and 14)

class Returns(nn.Module):
    def __init__(self, how): super().__init__(); self.how, self.net, self.in_shape = how, net(), (1, 4, 4)
    def forward(self, x): return self.how(self.net(x))


ODD = dict(tuple=(lambda z: (z, z), 'it gave a tuple'), dict=(lambda z: {'out': z}, 'it gave a dict'), vector=(lambda z: z[:, 0], r'shape \(4,\)'), map=(lambda z: z[..., None, None], r'shape \(4, 6, 1, 1\)'),
           integers=(lambda z: z.argmax(1, keepdim=True), 'int64'), detached=(lambda z: z.detach(), 'do not depend on any parameter'))


@each
@pytest.mark.parametrize('odd', ODD)
def test_a_network_that_gives_no_logits_is_refused_at_the_first_batch(name, odd):
    how, says = ODD[odd]
    s = make(name, Returns(how))
    refuses(s, lambda: s.observe(*batch()), says)
    assert s.t == 0 and s.n_classes is None
    part = [((batch(12, (2*t, 2*t + 1))[0]*255).byte(), batch(12, (2*t, 2*t + 1))[1]) for t in range(3)]
    stream = Stream('tiny', (1, 4, 4), 6, [(0, 1), (2, 3), (4, 5)], part, part, part)
    refuses(s, lambda: check_fit(s, stream), 'logits')


@each
def test_a_frozen_network_is_refused_at_the_first_batch(name):
    s = make(name, net().requires_grad_(False))
    refuses(s, lambda: s.observe(*batch()), 'nothing to learn')
    s.model.in_shape, s.model.n_classes = (1, 4, 4), 7
    s.model.requires_grad_(True)
    refuses(s, lambda: s.observe(*batch()), 'n_classes is 7, but it gives 6 logits')


@each
def test_a_batch_of_one_image_and_batch_norm(name):
    "Its running statistics, and what lies before it, have not moved."
    s = make(name, net(nn.Dropout(.1), nn.BatchNorm1d(8)), M=4)
    refuses(s, lambda: s.observe(*batch(1)), r'batch of shape \(1, 1, 4, 4\).*nothing has changed: Expected more than 1 value per channel')
    s.observe(*batch())
    refuses(s, lambda: s.observe(*batch(1)), 'nothing has changed')
    s.observe(*batch(3))


def test_a_run_whose_last_batch_cannot_be_learned_does_not_begin():
    part = [((batch(13)[0]*255).byte(), batch(13)[1])]
    stream = Stream('tiny', (1, 4, 4), 2, [(0, 1)], part, part, part)
    s = Naive(net(nn.BatchNorm1d(8), out=2), config('naive'))
    with pytest.raises(ValueError, match=r'batch of shape \(1, 1, 4, 4\).*drop_last'): Learner(s, stream)
    Learner(s, replace(stream, drop_last=True), progress=False).fit()


@each
def test_what_is_no_image_generator_or_configuration_is_refused(name):
    s = make(name)
    refuses(s, lambda: s.observe(batch()[0].flatten(1), batch()[1]), r'xb has shape \(4, 16\).*xb\[:, :, None, None\]')
    refuses(s, lambda: s.observe(batch()[0], batch()[1] + .5j), 'yb is torch.complex64: labels must be integers')
    m = METHODS[name]
    for bad in (0, 'cpu', torch.rand(3)):
        with pytest.raises(TypeError, match='generator must be a torch.Generator on the CPU'): m.strategy(s.model, config(name), bad)
    class Other(type(config(name)).__mro__[-2]): pass
    for bad in (3, {'N': 4}, m.config, Other()):
        with pytest.raises(TypeError, match=f'the settings of {m.strategy.__name__} are an? '): m.strategy(s.model, bad)
    with pytest.raises(TypeError, match='needs a network'): m.strategy('resnet', config(name))


@each
def test_a_state_of_another_strategy_or_network_is_refused(name):
    s = make(name)
    s.observe(*batch())
    other = make('naive' if s.name != 'naive' else 'lwf')
    refuses(s, lambda: s.load_state_dict(other.state_dict()), f'the state is of the strategy {other.name!r}, this one is {s.name!r}')
    state = copy.deepcopy(s.state_dict())
    for key in state.keys() - {'strategy', 'torch_rng'}: refuses(s, lambda: s.load_state_dict({k: v for k, v in state.items() if k != key}), f'lacks {key}')
    larger = METHODS[name].strategy(METHODS[name].model((1, 5, 4), 6, 0), config(name))
    refuses(s, lambda: s.load_state_dict(larger.state_dict()), 'is of another network: .* has shape')
    for bad in (None, 3, {}, [state]): refuses(s, lambda: s.load_state_dict(bad), 'state')
    for key, bad in (('generator', torch.zeros(3)), ('generator', 1), ('t', 'now'), ('model', [])): refuses(s, lambda: s.load_state_dict(state | {key: bad}), f"state\\['{key}'\\]")
    s.load_state_dict(state)
    assert same(state, s.state_dict())


# ---- torch's own random state (item 15)

class Hidden(nn.Module):
    "Drops out in a way that no layer tells"
    def __init__(self): super().__init__(); self.net, self.in_shape = net(), (1, 4, 4)
    def forward(self, x): return self.net(F.dropout(x, .3, self.training))


@each
@pytest.mark.parametrize('network', [lambda: net(nn.Dropout(.3)), Hidden], ids=['layer', 'function'])
def test_an_own_loop_with_dropout_goes_on_bit_for_bit(name, network):
    def learn(s, ts):
        for t in ts:
            if t % 5 == 0: s.begin_task()
            s.observe(*batch(4, (2*(t//5), 2*(t//5) + 1), t))
        return s
    torch.manual_seed(3)
    cut = learn(make(name, network(), T=4, recall_from=4), range(7))
    state = copy.deepcopy(cut.state_dict())
    assert 'torch_rng' in state
    whole = learn(cut, range(7, 15)).state_dict()
    s = make(name, network(), T=4, recall_from=4)                              # another program, whose random state is elsewhere
    torch.manual_seed(99)
    s.load_state_dict(state)
    assert same(learn(s, range(7, 15)).state_dict(), whole)


@each
def test_where_nothing_is_drawn_the_state_stays_as_it_is(name):
    if name in PAINTING: pytest.skip('its own network for digits drops out')
    s = make(name); s.observe(*batch())
    assert 'torch_rng' not in s.state_dict()


# ---- the rest (item 17)

def test_a_divergence_that_is_not_there():
    z = torch.zeros(2, 3)
    for f in (violations, max_violation):
        with pytest.raises(ValueError, match="unknown div 'hellinger'"): f(z, z, [1], div='hellinger')


def test_a_dataset_in_place_of_a_pair_of_tensors():
    part = torch.utils.data.TensorDataset(*batch())
    with pytest.raises(ValueError, match='train is a TensorDataset.*tensors'): Stream.from_arrays('mine', dict(train=part, test=part))
    with pytest.raises(ValueError, match='train 0 is a TensorDataset.*tensors'): check_fit(make('naive'), Stream('mine', (1, 4, 4), 2, [(0, 1)], [part], [], [part]))


def test_every_strategy_is_checked_by_the_same_door():
    for m in METHODS.values(): assert m.strategy.observe is Strategy.observe and m.strategy.__call__ is Strategy.__call__


@pytest.mark.parametrize('name,key,bad', [
    ('slda', 'in_shape', None), ('slda', 'in_shape', []), ('slda', 'in_shape', [1, 9, 9]), ('ridge', 'n_classes', 7), ('ncm', 'sums', {'x': 1}), ('ncm', 'sums', 3),
    ('gdumb', 'x', True), ('gdumb', 'y', torch.zeros(1, 3))])
def test_a_state_of_sums_or_of_a_buffer_that_does_not_fit_is_refused(name, key, bad):
    s = make(name)
    s.observe(*batch())
    before = copy.deepcopy(s.state_dict())
    refuses(s, lambda: s.load_state_dict(before | {key: bad}), f"state\\['{key}'\\]")


def test_a_maker_of_networks_that_takes_other_arguments_is_told_so():
    with pytest.raises(TypeError, match='in_shape, n_classes, seed'): ask('mnist-mini', 'naive', 0, model=lambda seed: None)
    ask('mnist-mini', 'naive', 0, model=lambda shape, n, seed: None)
