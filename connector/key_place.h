/* SPDX-License-Identifier: MIT */
/*
 * connector/key_place.h -- does the file with the wallet's key lie among those of the database?  The sandbox leaves these open, so that
 * whatever code comes to run in a connector reads the key, of a worker too, which has no use for it; and who copies the database has it.
 */
#ifndef ARCA_CONNECTOR_KEY_PLACE_H
#define ARCA_CONNECTOR_KEY_PLACE_H

#include "connector/config.h"

/* Appends a sentence if so.  A key that is not there, or in no file, is told by who needs it. */
void key_place_look(buf *told, const connector_config *c);

#endif
