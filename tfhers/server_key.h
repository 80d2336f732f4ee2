/* SPDX-License-Identifier: MIT */
/* tfhers/server_key.h -- the uncompressed ServerKey, for keyset.c, which reads key sets of every kind. */
#ifndef ARCA_TFHERS_SERVER_KEY_H
#define ARCA_TFHERS_SERVER_KEY_H

#include "tfhers/tfhers.h"

/* ERR_REQUEST.  Parts are whole or spectra; PART_PKE is absent.  *tag and the parts borrow from the file. */
err server_key_read(seeded_keyset *out, slice *tag, slice file);

#endif
