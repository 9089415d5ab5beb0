import sys
import torch
from arm_nb.stats import *
from arm_nb.stats import PRINTED, ROUNDING, t_factor

assert 'scipy' not in sys.modules                                       # asked for only by what needs it
assert round(t_factor(4), 3) == 2.776 and round(float(seed_interval([1., 3.])[1]), 3) == -10.706
d = paired([.51, .54, .57], [.50, .52, .54])
assert isinstance(d, Difference) and round(d.high, 4) == .0448 and round(d.effect, 9) == 2
assert paired([.1 + .2]*3, [.3]*3).mean == 0 and ROUNDING == 1e-12
group = summary([.55, .57, .59])
assert isinstance(group, Summary) and welch(group, Summary(group.mean, 0., 9)).mean == 0
assert isinstance(PRINTED['arm', 'cifar10'], PrintedKind) and printed_kind('er', 'cifar10').n == 15
v = verdict([.55, .57, .59], printed('arm', 'mnist5k', .563, .026))
assert isinstance(v, Verdict) and v.word == 'not shown' and v.n == 3 and v.low < 0 < MARGIN < v.high
assert v.beside() == f'not shown: {v.interval()}'
assert isinstance(exact_test(2, [1, 2]), Tested) and exact_test(2, [1, 2]).p == .5
assert permutation_test(1., lambda g: 0., 9).p == .1 and sign_flip_test([1., 1., 1.]).p == 1/8 == sign_test([1, 1, 1]).p
assert sorted(shuffle_rows(4, torch.Generator(), [0, 0, 1, 1])[:2].tolist()) == [0, 1]
assert round(float(correlation(ranks([1, 2, 9]), [1, 2, 3])), 9) == 1
