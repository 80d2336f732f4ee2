/* SPDX-License-Identifier: MIT */
/*
 * tkms/dealer.h -- insecure key generation: one party that knows the whole key shares it out.
 *
 * Not for use beyond trials: whoever runs the dealer, or reads its memory, has the key.  A build has dealer.c, or
 * dealer_none.c in its place; the meson option `insecure_keygen` chooses, and is off unless it is asked for.
 */
#ifndef ARCA_TKMS_DEALER_H
#define ARCA_TKMS_DEALER_H

#include "tkms/key_share.h"

/* Is there a dealer in this build?  Otherwise there is only this function. */
bool dealer_is_built(void);

/*
 * out[i] = party i's share, i = 1 .. n; out has n + 1 places.  `holder` is that of all of them: its `me` is not looked at.
 * which: the secrets to deal (SECRET_BIT), all of which `keys` must have.  Requires: parties_allowed(n, t).  On an error
 * nothing is left in out.
 */
err dealer_share_out(key_share *out, const secret_keys *keys, const share_holder *holder, unsigned which, const rng *random);

#endif
