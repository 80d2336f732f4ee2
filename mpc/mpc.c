/* SPDX-License-Identifier: MIT */
/* mpc/mpc.c -- the table of sub-protocols that every honest party uses. */
#include "mpc/mpc.h"

const protocols HONEST = { .bcast = bcast, .vss = vss, .open = open_sync };
