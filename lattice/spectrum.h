/* SPDX-License-Identifier: MIT */
/*
 * lattice/spectrum.h -- polynomials of a bootstrap key in the Fourier form in which TFHE-rs stores an uncompressed key.
 *
 * A polynomial p over Z/2^w, its words taken as signed fractions of 2^w, is read as the complex polynomial
 * c = sum (p_j + i p_(j+N/2)) X^j modulo X^(N/2) - i, and stored as its values at the N/2 roots of that modulus:
 *
 *   64 bits    number k is the value at e^(i pi (1 - 4 k) / N): a real and an imaginary double
 *   128 bits   number j is the value at e^(i pi (1 + 4 rev(j)) / N), rev over log2(N/2) bits, and four arrays hold the
 *              high part of the real parts, their low part, and the same of the imaginary parts: each number is high + low
 *
 * [facts: tfhe-fft/src/unordered.rs, fft128/mod.rs; tfhe/src/core_crypto/fft_impl/fft64/math/fft/mod.rs, fft128/math/fft/mod.rs,
 * release 1.7.0; checked with numbers from the memory of node-tfhe: doc/notes/server-key.md].  TFHE-rs computes them in
 * doubles, and in pairs of doubles, by plans that differ between machines, so there is no one file that it would write; any
 * numbers near these values are its key.
 *
 * Ours must be one file, as parties sign it.  Both widths are computed in pairs of doubles (about 2^-104 relative to the
 * largest number), by additions, subtractions and multiplications of doubles in one order, which IEEE 754 defines to the last
 * bit: no fused multiplication, no library function but rint.  The numbers of 64 bits are those pairs, rounded once.
 *
 * Back: exact is neither.  Of N = 2048 a word comes back with a root mean square error of 2^8 (64 bits) or 2^22 (128 bits),
 * far below the noise of a key; the same for everybody, by the same rules.  Bytes from outside are safe: a number that no key
 * can have (not finite, or larger than N) counts as zero.
 *
 * All of this is public data.  Time: about 0.2 ms a polynomial of N = 2048.
 */
#ifndef ARCA_LATTICE_SPECTRUM_H
#define ARCA_LATTICE_SPECTRUM_H

#include "base/base.h"

enum { SPECTRUM_MAX = 2048 };                        /* N: a power of two, 4 .. 2048 */
enum { SPECTRUM_RE0, SPECTRUM_RE1, SPECTRUM_IM0, SPECTRUM_IM1, SPECTRUM_ARRAYS };

/* Little-endian doubles: N of them; N/2 in each of the four arrays. */
static inline size_t spectrum64_bytes(unsigned N) { return 8 * (size_t)N; }
static inline size_t spectrum128_bytes(unsigned N) { return 4 * (size_t)N; }

void spectrum64_write(uint8_t *out, const uint64_t *p, unsigned N);
void spectrum64_read(uint64_t *p, const uint8_t *in, unsigned N);

void spectrum128_write(uint8_t *const out[static SPECTRUM_ARRAYS], const u128 *p, unsigned N);
void spectrum128_read(u128 *p, const uint8_t *const in[static SPECTRUM_ARRAYS], unsigned N);

#endif
