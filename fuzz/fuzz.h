/* SPDX-License-Identifier: MIT */
/*
 * fuzz/fuzz.h -- a fuzz target is one file with this one function: it gives the bytes to a parser, and ASSERTs what
 * must hold of anything accepted.  It returns 0.
 */
#ifndef ARCA_FUZZ_FUZZ_H
#define ARCA_FUZZ_FUZZ_H

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
