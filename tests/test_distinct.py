"Counting copies gives what computing all of them gives: exactly where every layer is known to treat each image alone, and by computing all of them where one is not."
import warnings

import pytest
import torch
from torch import nn
from torchvision.ops import StochasticDepth

from arm_nb.arm import ARM, ArmConfig, draw_starts
from arm_nb.networks import WeightedBatchNorm2d, copies_of, tensors, why_not_distinct


class Rows(nn.Module):
    "An image as a sequence of its rows."
    def __init__(self, layer, out=24):
        super().__init__()
        self.layer, self.head = layer, nn.Linear(out, 5)

    def forward(self, x):
        out = self.layer(x[:, 0])
        return self.head((out[0] if isinstance(out, tuple) else out).flatten(1))


class Attending(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.attention, self.head = nn.MultiheadAttention(6, 2, dropout=p, batch_first=True), nn.Linear(36, 5)

    def forward(self, x):
        rows = x[:, 0]
        return self.head(self.attention(rows, rows, rows, need_weights=False)[0].flatten(1))


class Columns(nn.Module):
    def forward(self, x): return x.mean(2)


def maps(layer): return nn.Sequential(nn.Conv2d(1, 4, 3), layer, nn.ReLU(), nn.Flatten(), nn.Linear(64, 5))


ALONE = {   # counted: every layer is known
    'no norm': lambda: maps(nn.Identity()), 'group norm': lambda: maps(nn.GroupNorm(2, 4)), 'instance norm': lambda: maps(nn.InstanceNorm2d(4)), 'counting batch norm': lambda: maps(WeightedBatchNorm2d(4)),
    'max pool, PReLU': lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2), nn.PReLU(4), nn.Flatten(), nn.LayerNorm(36), nn.Linear(36, 5)),
    'LSTM': lambda: Rows(nn.LSTM(6, 4, 2, batch_first=True)), 'attention': lambda: Attending(0.)}
APART = {   # all M computed: the layer draws, gathers statistics, mixes images, or is not known
    'batch norm': lambda: maps(nn.BatchNorm2d(4)), 'dropout': lambda: maps(nn.Dropout(.2)), 'alpha dropout': lambda: maps(nn.AlphaDropout(.2)), 'RReLU': lambda: maps(nn.RReLU()),
    'StochasticDepth': lambda: maps(StochasticDepth(.3, 'row')), "instance norm's running statistics": lambda: maps(nn.InstanceNorm2d(4, track_running_stats=True)),
    'LSTM with dropout': lambda: Rows(nn.LSTM(6, 4, 2, dropout=.2, batch_first=True)), 'attention with dropout': lambda: Attending(.2),
    'transformer': lambda: Rows(nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), 36), 'softmax over the batch': lambda: nn.Sequential(nn.Flatten(), nn.Linear(36, 5), nn.Softmax(0)),
    'a layer of somebody else': lambda: nn.Sequential(Columns(), nn.Flatten(), nn.Linear(6, 5))}


def after_two_batches(make, distinct):
    torch.manual_seed(0)
    arm = ARM(make().double(), ArmConfig(M=9, N=4, S=3, T=100, recall_from=0, eta_1=2., distinct=distinct), torch.Generator().manual_seed(3))
    g = torch.Generator().manual_seed(1)
    torch.manual_seed(7)                                     # what the layers draw
    for _ in range(2): arm.observe(torch.rand(4, 1, 6, 6, generator=g, dtype=torch.double), torch.tensor([0, 1, 1, 0]))
    return arm


@pytest.mark.parametrize('name', APART)
def test_a_layer_that_is_not_known_to_be_safe_makes_all_copies_be_computed(name):
    with pytest.warns(UserWarning, match='copies included'): asked = after_two_batches(APART[name], True)
    with warnings.catch_warnings(): warnings.simplefilter('error'); plain = after_two_batches(APART[name], False)
    assert not asked.distinct and torch.equal(asked.last.x_hat, plain.last.x_hat) and len(asked.last.x_hat) == 9
    for a, b in zip(tensors(asked.model), tensors(plain.model)): assert torch.equal(a, b)
    for a, b in zip(tensors(asked.model_old), tensors(plain.model_old)): assert torch.equal(a, b)


@pytest.mark.parametrize('name', ALONE)
def test_a_network_of_known_layers_counts_its_copies_and_gives_the_same(name):
    with warnings.catch_warnings(): warnings.simplefilter('error'); counted, plain = (after_two_batches(ALONE[name], d) for d in (True, False))
    assert counted.distinct and len(counted.last.x_hat) < 9 == len(plain.last.x_hat)
    g = torch.Generator().manual_seed(3)
    for _ in range(2): draw = draw_starts(counted.cfg, 4, g)
    torch.testing.assert_close(counted.last.x_hat[draw.unique(return_inverse=True)[1]], plain.last.x_hat, atol=1e-9, rtol=0)
    for a, b in zip(tensors(counted.model), tensors(plain.model)): torch.testing.assert_close(a, b, atol=1e-10, rtol=1e-9)


def test_one_place_is_refused_as_torch_does():
    "One image with maps of 1x1 has no variance: it raises, and the running statistics stay numbers."
    net = nn.Sequential(nn.Conv2d(1, 4, 6), WeightedBatchNorm2d(4, momentum=None), nn.Flatten(), nn.Linear(4, 5))
    with pytest.raises(ValueError, match='more than 1 value per channel'): net(torch.rand(1, 1, 6, 6))
    with copies_of(net, torch.ones(1)), pytest.raises(ValueError, match='more than 1 value per channel'): net(torch.rand(1, 1, 6, 6))
    assert all(t.isfinite().all() for t in tensors(net)) and net[1].num_batches_tracked == 0


def test_a_module_of_ones_own_may_say_that_it_is_safe():
    assert 'not known' in why_not_distinct(Columns())
    Columns.treats_each_image_alone = True
    try: assert why_not_distinct(Columns()) is None
    finally: del Columns.treats_each_image_alone
