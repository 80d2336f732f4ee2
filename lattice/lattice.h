/* SPDX-License-Identifier: MIT */
/*
 * lattice/lattice.h -- TFHE in exact integers: LWE, GLWE, GGSW, the bootstrap and the switch to 128 bits.
 *
 * Everything here is a function of integers modulo 2^64 or 2^128, written as the formulas are (the schoolbook
 * twin): parties that run it agree bit for bit, and every faster engine is tested against it.
 *
 * Read in this order:
 *   params.h      the parameter sets, as data
 *   keys.h        which secret keys exist, which public parts connect them, and the shape of each part
 *   ciphertext.h  runs of LWE ciphertexts, packed GLWE ciphertexts, compact lists
 *   sample.h      TUniform and binary sampling
 *   poly.h        products in Z[X]/(X^N + 1), decomposition into digits
 *   lwe.h         phase, encoding, encryption under secret keys
 *   key_product.h masks of a row times a secret key, for the next two
 *   keygen.h      secret keys and the twelve parts of the public set, in the order of the mask stream
 *   compact.h     public-key encryption of values and the expansion of such lists
 *   keyswitch.h   keyswitch and modulus switch, for many at a time
 *   bootstrap.h   lookup tables, and the step of a blind rotation as the formula is
 *   limbs.h       the same step by floating-point transforms, exact by rounding (doc/notes/limbs.md)
 *   engine.h      bootstrap keys in the form of an engine, and whole rotations of many ciphertexts
 *   derived.h     such keys as a file that processes share
 *   packing.h     the packing keyswitch: LWE ciphertexts into the slots of a GLWE ciphertext
 *   compress.h    lists of few GLWE ciphertexts, and back
 *   squash.h      64-bit blocks to 128-bit blocks with little noise (doc/notes/squash.md)
 *   decrypt.h     from blocks back to values, and what is refused
 *   keycheck.h    the noise in public parts, as evidence
 * A function that exists for 64 and 128 bits is written once, in a .inc file; only the loops that load rows of keys
 * (keys.c) stand twice, as the few lines that they are.
 *
 * Time: constant in secret keys and plaintexts, unless the name ends in _var.  Ciphertexts and public keys are
 * public; what computes only on them is free to branch.
 */
#ifndef ARCA_LATTICE_LATTICE_H
#define ARCA_LATTICE_LATTICE_H

#include "lattice/params.h"
#include "lattice/keys.h"
#include "lattice/ciphertext.h"

#endif
