/* SPDX-License-Identifier: MIT */
/* connector/profile.c -- the two generations of contracts. */
#include "connector/profile.h"

const connector_profile PROFILE_GATEWAY = { .name = "gateway-v0.11", .events = KMS_GATEWAY, .structs = KMS712_V011 };
const connector_profile PROFILE_V015 = {
	.name = "v0.15", .events = KMS_V015, .structs = KMS712_V015, .host_chain = true, .attested = true, .contexts = true, .keeps = true,
};

const connector_profile *connector_profile_of(const char *name)
{
	if (!strcmp(name, PROFILE_GATEWAY.name) || !strcmp(name, "v0.11")) return &PROFILE_GATEWAY;
	return strcmp(name, PROFILE_V015.name) ? NULL : &PROFILE_V015;
}
