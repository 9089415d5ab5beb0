from arm_nb.learner import Naive
from arm_nb.methods import *
from arm_nb.methods import ORDER

assert list(METHODS)[:len(ORDER)] == ORDER and OURS >= set(ORDER)
assert set(METHODS) >= set('stationary naive er er-mir icarl gem gen gen-mir lwf adi arm'.split()) and all(isinstance(m, Method) for m in METHODS.values())
assert METHODS['naive'].strategy is METHODS['stationary'].strategy is Naive and METHODS['stationary'].stationary
assert settings('mnist5k', 'arm', lambda_3=1.).lambda_3 == 1 and settings('mnist5k', 'naive').eta_0 == .05
assert row_of('er-25') == VARIANTS['er-25'] == ('er', {'mem_total': 25}) and TABLES[6][0] == 'mnist5k'
assert register('naive', METHODS['naive'].source)(Naive) is Naive
