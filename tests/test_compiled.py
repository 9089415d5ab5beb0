"The compiled recall against the plain one, where a batch holds one class: the released order of digits ends each task with such batches."
import copy

import pytest
import torch

from arm_nb import ARM, ArmConfig
from arm_nb.models import MLP


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
