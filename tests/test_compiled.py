"The compiled recall against the plain one, where a batch holds one class: the released order of digits ends each task with such batches."
import copy

import pytest
import torch
from torch import nn

from arm_nb import ARM, ArmConfig
from arm_nb.baselines.inversion import Adi, AdiConfig
from arm_nb.models import MLP
from arm_nb.networks import WeightedBatchNorm2d


@pytest.mark.parametrize('classes', [[4], [4, 5]])
def test_a_compiled_recall_is_the_plain_one(classes):
    g = torch.Generator().manual_seed(0)
    x, y = torch.rand(10, 1, 28, 28, generator=g), torch.tensor((classes * 10)[:10])
    torch.manual_seed(0)
    net, came = MLP(), []
    for compile in (False, True):
        arm = ARM(copy.deepcopy(net), ArmConfig(recall_from=1, T=1), torch.Generator().manual_seed(0))
        arm.compile = compile
        arm.observe(x, (y + 3) % 10)                     # something that is known before
        losses = arm.observe(x, y)
        came.append((arm.last.x_hat, torch.tensor([float(v) for v in losses.values()])))
    torch.testing.assert_close(came[0][0], came[1][0], rtol=0, atol=1e-4)      # images move by up to 10: single precision
    torch.testing.assert_close(came[0][1], came[1][1], rtol=1e-4, atol=1e-5)
    assert (came[0][0] - x[:1]).abs().max() > .01        # it climbed


def test_a_compiled_inversion_is_the_plain_one_with_batch_norms_gap_in_it():
    "ADI's further term comes from hooks; the number of distinct pairs, and so the shape, differs from batch to batch."
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), WeightedBatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 6, 3, stride=2), WeightedBatchNorm2d(6), nn.ReLU(),
                        nn.Flatten(), nn.Linear(24, 6)).double()
    came = []
    for compile in (False, True):
        g = torch.Generator().manual_seed(1)
        adi = Adi(copy.deepcopy(net), AdiConfig(recall_from=1, T=1, M=30, eta_1=5., lambda_bn=10.), torch.Generator().manual_seed(0))
        adi.compile, sizes, images = compile, [], []
        for classes in ([0, 1], [2, 3], [4, 5], [2, 3]):
            adi.observe(torch.rand(10, 1, 8, 8, generator=g, dtype=torch.double), torch.tensor(classes * 5))
            if adi.last is not None: images.append(adi.last.x_hat); sizes.append(len(adi.last.x_hat))
        assert len(set(sizes)) > 1
        came.append(images + [*adi.model.buffers(), *adi.model_old.buffers()])
    for plain, graph in zip(*came, strict=True): torch.testing.assert_close(plain, graph, rtol=0, atol=1e-9)
