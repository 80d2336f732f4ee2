/* SPDX-License-Identifier: MIT */
/* tkms/dealer_none.c -- the place of dealer.c in builds without insecure_keygen. */
#include "tkms/dealer.h"

bool dealer_is_built(void) { return false; }
