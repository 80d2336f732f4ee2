/* SPDX-License-Identifier: MIT */
/* cli/table.c -- every command there is, in the order in which help shows them. */
#include "cli/cli.h"

const command *const COMMANDS[] = {
	&COMMAND_ENCRYPT, &COMMAND_COPROCESS, &COMMAND_INSPECT,
	&COMMAND_KEYGEN, &COMMAND_DECRYPT_PUBLIC, &COMMAND_DECRYPT_USER,
	&COMMAND_DEVNET_UP, &COMMAND_DEVNET_STATUS, &COMMAND_DEVNET_DOWN, &COMMAND_DEVNET_KILL, &COMMAND_DEVNET_START,
	&COMMAND_CONTEXT_NEW, &COMMAND_CONTEXT_LIST, &COMMAND_CONTEXT_DESTROY,
	&COMMAND_EPOCH_NEW, &COMMAND_EPOCH_STATUS, &COMMAND_EPOCH_DESTROY, &COMMAND_CERTS_CA, &COMMAND_CERTS_LEAF,
	&COMMAND_CONFIG_CHECK, &COMMAND_CONNECTOR_STATUS, &COMMAND_CONNECTOR_RETRY, &COMMAND_CONNECTOR_FAIL,
	&COMMAND_DELEGATE_KEYGEN, &COMMAND_DELEGATE_ENCRYPT, &COMMAND_DELEGATE_REQUEST, &COMMAND_DELEGATE_DECRYPT,
	&COMMAND_DELEGATE_STATUS,
	&COMMAND_BENCH,
	NULL
};

static const struct { const char *noun, *line; } NOUNS[] = {
	{ "certs", "certificates by which parties know each other" },
	{ "config", "what a node or a connector is told when it starts" },
	{ "connector", "the requests between a gateway's contracts and a node" },
	{ "context", "who the parties are" },
	{ "decrypt", "ask a KMS for the value in a ciphertext, and verify its answer" },
	{ "delegate", "files that only those can read whom a gateway allows to" },
	{ "devnet", "a cluster on this machine, for development and tests" },
	{ "epoch", "the time in which parties hold one sharing of their keys" },
};

const char *noun_line(const char *noun)
{
	for (size_t i = 0; i < COUNT(NOUNS); i++)
		if (strcmp(NOUNS[i].noun, noun) == 0) return NOUNS[i].line;
	return NULL;
}

void command_name(char out[static COMMAND_NAME], const command *c)
{
	snprintf(out, COMMAND_NAME, "%s%s%s", c->noun, c->verb ? " " : "", c->verb ? c->verb : "");
}

/* "up, status, down" */
static const char *verbs_of(buf *b, const char *noun)
{
	for (const command *const *p = COMMANDS; *p; p++)
		if (strcmp((*p)->noun, noun) == 0 && (*p)->verb) buf_printf(b, "%s%s", b->n ? ", " : "", (*p)->verb);
	return buf_str(b);
}

static err unknown_noun(const char *word)
{
	const char *best = NULL;
	size_t least = SIZE_MAX;

	for (const command *const *p = COMMANDS; *p; p++) {
		size_t d = word_nearness(word, (*p)->noun);
		if (d < least) least = d, best = (*p)->noun;
	}
	if (best) return err_fail(ERR_REQUEST, "there is no command '%s'; did you mean '%s'?", word, best);
	return err_fail(ERR_REQUEST, "there is no command '%s'", word);
}

err command_find(const command **out, size_t *taken, size_t count, char *const *words)
{
	AUTO(buf) verbs = { 0 };

	for (const command *const *p = COMMANDS; *p; p++) {
		if (count < 1 || strcmp((*p)->noun, words[0]) != 0) continue;
		if ((*p)->verb && (count < 2 || strcmp((*p)->verb, words[1]) != 0)) continue;
		*out = *p;
		*taken = (*p)->verb ? 2 : 1;
		return OK;
	}
	if (count < 1) return err_fail(ERR_REQUEST, "which command?");
	if (!noun_line(words[0])) return unknown_noun(words[0]);
	if (count < 2 || words[1][0] == '-')
		return err_fail(ERR_REQUEST, "'%s' wants a verb: %s", words[0], verbs_of(&verbs, words[0]));
	return err_fail(ERR_REQUEST, "'%s' knows no '%s', only %s", words[0], words[1], verbs_of(&verbs, words[0]));
}
