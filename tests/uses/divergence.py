import math
import torch
from arm_nb.divergence import *
from arm_nb.divergence import check_weight

p, q = torch.tensor([[9., 0, 0]]), torch.tensor([[0., 0, 9]])
check_weight(torch.ones(2, 3), torch.ones(2))
try: check_weight(torch.ones(2, 3), torch.ones(3))
except ValueError as e: assert 'each of the 2 inputs' in str(e)
else: raise AssertionError
assert weighted_mean(torch.tensor([1., 4.]), torch.tensor([2., 1.])) == 2
assert js_each(p, q)[0] == js_div(p, q) < math.log(2)
assert mean_kl_each(p, q)[0] == mean_kl_div(p, q) > 0
assert ce_each(p, q)[0] == ce_div(p, q) == soft_cross_entropy(q, p)
assert set(DIVERGENCES) == {'js', 'mean_kl', 'ce'}
assert violations(p, q, [1])[0] == max_violation(p, q, [1]) > 0 == max_violation(p, q, [0], div='ce')
