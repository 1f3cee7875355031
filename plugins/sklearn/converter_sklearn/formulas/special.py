"""Functions that ONNX lacks, or that ONNX Runtime's CPU has in single precision only, made of plain arithmetic on values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from converter.writing import Value

_NEAR = 0.5  # to 0, where log(1 + x) and e to the power of x less 1 lose digits
_TAIL = float(np.exp(-2))

# Coefficients of Cephes' ndtr.c, ndtri.c and atan.c, the highest power first; a denominator's first is 1
_ERF = (
    (9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3, 7.00332514112805075473e3, 5.55923013010394962768e4),
    (3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3, 2.26290000613890934246e4, 4.92673942608635921086e4),
)
_ERFC = (
    (
        *(2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0, 4.86371970985681366614e1, 1.96520832956077098242e2),
        *(5.26445194995477358631e2, 9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2),
    ),
    (
        *(1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2, 9.75708501743205489753e2, 1.82390916687909736289e3),
        *(2.24633760818710981792e3, 1.65666309194161350182e3, 5.57535340817727675546e2),
    ),
)
_MIDDLE = (
    (-5.99633501014107895267e1, 9.80010754185999661536e1, -5.66762857469070293439e1, 1.39312609387279679503e1, -1.23916583867381258016e0),
    (
        *(1.95448858338141759834e0, 4.67627912898881538453e0, 8.63602421390890590575e1, -2.25462687854119370527e2, 2.00260212380060660359e2),
        *(-8.20372256168333339912e1, 1.59056225126211695515e1, -1.18331621121330003142e0),
    ),
)
_OUTER = (
    (
        *(4.05544892305962419923e0, 3.15251094599893866154e1, 5.71628192246421288162e1, 4.40805073893200834700e1, 1.46849561928858024014e1),
        *(2.18663306850790267539e0, -1.40256079171354495875e-1, -3.50424626827848203418e-2, -8.57456785154685413611e-4),
    ),
    (
        *(1.57799883256466749731e1, 4.53907635128879210584e1, 4.13172038254672030440e1, 1.50425385692907503408e1, 2.50464946208309415979e0),
        *(-1.42182922854787788574e-1, -3.80806407691578277194e-2, -9.33259480895457427372e-4),
    ),
)

_ATAN = (
    (-8.750608600031904122785e-1, -1.615753718733365076637e1, -7.500855792314704667340e1, -1.228866684490136173410e2, -6.485021904942025371773e1),
    (2.485846490142306297962e1, 1.650270098316988542046e2, 4.328810604912902668951e2, 4.853903996359136964868e2, 1.945506571482613964425e2),
)
_STEEP, _EVEN = float(np.tan(3 * np.pi / 8)), 0.66


def log1p(x: Value) -> Value:
    """The logarithm of 1 + x, exact near 0 (W. Kahan's way)."""
    whole = x + 1
    rest = whole - 1
    is_lost = rest == 0
    near = is_lost.where(x, whole.log() * x / is_lost.where(rest.constant(1), rest))
    return (abs(x) < _NEAR).where(near, whole.log())


def expm1(x: Value) -> Value:
    """The exponential less 1, exact near 0 (W. Kahan's way)."""
    whole = x.exp()
    rest = whole - 1
    is_lost = rest == 0
    near = is_lost.where(x, rest * x / is_lost.where(rest.constant(1), whole.log()))
    return (abs(x) < _NEAR).where(near, rest)


def ndtri(p: Value) -> Value:
    """What a standard normal variable is below with the probability p, which is at least e to the power of -32 away from 0 and 1."""
    is_high = p > 0.5
    least = is_high.where(1 - p, p)
    off = p - 0.5
    square = off * off
    middle = (off + off * (square * _quotient(square, *_MIDDLE))) * float(np.sqrt(2 * np.pi))
    far = (least.log() * -2).sqrt()
    near = 1 / far
    outer = far - far.log() / far - near * _quotient(near, *_OUTER)
    return (least > _TAIL).where(middle, is_high.where(outer, -outer))


def ndtr(x: Value) -> Value:
    """The probability that a standard normal variable is below x."""
    scaled = x * float(np.sqrt(0.5))
    size = abs(scaled)
    tail = erfc(size) * 0.5
    return (size < float(np.sqrt(0.5))).where(_inner_erf(scaled) * 0.5 + 0.5, (x > 0).where(1 - tail, tail))


def erfc(x: Value) -> Value:
    """1 - erf(x), for x that are not negative; 0 beyond 8, where it is below 1e-28."""
    far = x.clip(1, 8)
    tail = (far * -far).exp() * _quotient(far, *_ERFC)
    return (x < 1).where(1 - _inner_erf(x), (x > 8).where(x.constant(0), tail))


def atan(x: Value) -> Value:
    """The angle whose tangent is x."""
    size = abs(x)
    is_steep, is_even = size > _STEEP, size > _EVEN
    rest = is_steep.where(-1 / size, is_even.where((size - 1) / (size + 1), size))
    turned = is_steep.where(rest.constant(np.pi / 2), is_even.where(rest.constant(np.pi / 4), 0))
    square = rest * rest
    return x.sign() * (turned + (rest + rest * (square * _quotient(square, *_ATAN))))


def erf(x: Value) -> Value:
    """The error function."""
    return (abs(x) < 1).where(_inner_erf(x), x.sign() * (1 - erfc(abs(x))))


def _inner_erf(x: Value) -> Value:
    """The error function between -1 and 1."""
    return x * _quotient(x * x, *_ERF)


def _quotient(x: Value, above: Sequence[float], below: Sequence[float]) -> Value:
    """Return a polynomial by another, whose first coefficient is 1."""
    return _polynomial(x, above) / _polynomial(x, (1.0, *below))


def _polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    first, second, *others = coefficients
    found = x + second if first == 1 else x * first + second
    for each in others:
        found = found * x + each
    return found
