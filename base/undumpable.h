/* SPDX-License-Identifier: MIT */
/*
 * base/undumpable.h -- a crash leaves no core file, and no other process of the same user reads this one's memory.
 *
 * Keys are in pages that are left out of core files anyway (base/secret.h); this is for what passes through other memory.
 * Against other users' processes and an unlucky operator; root can undo it.
 */
#ifndef ARCA_BASE_UNDUMPABLE_H
#define ARCA_BASE_UNDUMPABLE_H

void undumpable_begin(void);

/* As it was before: for an operator who looks for a bug. */
void undumpable_end(void);

#endif
