/* SPDX-License-Identifier: MIT */
/* cli/help.c -- everything that help says comes from the table: the overview, one command, the manual page. */
#include "cli/cli.h"

enum { USAGE_COLUMNS = 80 };

static const char CODES[] =
	"exit codes: 0 done, 1 failed, 2 partly failed, 64 wrong usage, 69 a node does not answer, 74 input or output\n";

static void put_option(FILE *to, const option *o)
{
	fprintf(to, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
}

/* "[--json]", "(--devnet DIR | --nodes FILE)": one option, or all of which one is given; returns the last. */
static const option *usage_word(buf *word, const option *o)
{
	const bool free = o->rule == OPTIONAL || o->rule == REPEATED;

	buf_put_str(word, o->rule == ONE_OF ? "(" : free ? "[" : "");
	buf_printf(word, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
	while (o->rule == ONE_OF && o[1].name && o[1].rule == ONE_OF) {
		o++;
		buf_printf(word, " | --%s %s", o->name, o->value);
	}
	buf_put_str(word, o->rule == ONE_OF ? ")" : o->rule == REPEATED ? " ...]" : free ? "]" : "");
	return o;
}

/* "usage: arca inspect FILE [--json]", wrapped. */
static void put_usage(FILE *to, const command *c)
{
	AUTO(buf) line = { 0 }, word = { 0 };
	char name[COMMAND_NAME];

	command_name(name, c);
	buf_printf(&line, "usage: arca %s", name);
	if (c->plain) buf_printf(&line, c->plains_optional ? " [%s ...]" : " %s", c->plain);
	for (const option *o = c->options; o->name; o++) {
		buf_clear(&word);
		o = usage_word(&word, o);
		if (line.n + 1 + word.n > USAGE_COLUMNS) {
			fprintf(to, "%s\n", buf_str(&line));
			buf_clear(&line);
			buf_put_str(&line, "           ");
		}
		buf_printf(&line, " %s", buf_str(&word));
	}
	fprintf(to, "%s\n", buf_str(&line));
}

void help_command(FILE *to, const command *c)
{
	char name[COMMAND_NAME];

	command_name(name, c);
	fprintf(to, "arca %s -- %s\n\n", name, c->line);
	put_usage(to, c);
	fputc('\n', to);
	for (const option *o = c->options; o->name; o++) {
		int n = (int)strlen(o->name) + (o->value ? (int)strlen(o->value) + 1 : 0);
		fputs("  ", to);
		put_option(to, o);
		fprintf(to, "%*s%s\n", n < 24 ? 25 - n : 1, "", o->line);
	}
	fprintf(to, "  --help%*sthis text\n\n%s\nexamples:\n%s\n%s", 21, "", c->help, c->examples, CODES);
}

bool help_noun(FILE *to, const char *noun)
{
	const char *line = noun_line(noun);

	for (const command *const *p = COMMANDS; *p && !line; p++)
		if (strcmp((*p)->noun, noun) == 0) {
			help_command(to, *p);
			return true;
		}
	if (!line) return false;
	fprintf(to, "arca %s -- %s\n\n", noun, line);
	for (const command *const *p = COMMANDS; *p; p++)
		if (strcmp((*p)->noun, noun) == 0) fprintf(to, "  %s %-14s%s\n", noun, (*p)->verb, (*p)->line);
	fprintf(to, "\n'arca help %s <verb>' says more.\n", noun);
	return true;
}

void help_all(FILE *to)
{
	char name[COMMAND_NAME];

	fprintf(to, "arca -- the command line of a key management system for TFHE\n\nusage: arca <command> [options]\n\n");
	for (const command *const *p = COMMANDS; *p; p++) {
		command_name(name, *p);
		fprintf(to, "  %-18s%s\n", name, (*p)->line);
	}
	fprintf(to, "\n'arca help <command>' or '--help' after any command says more; 'arca --version' says which this is.\n%s",
	        CODES);
}

/* ---- the manual page ----------------------------------------------------------------------------------------- */

/* Text as roff: a backslash and a dash are escaped, and no line begins with a dot or a quote. */
static void put_roff(FILE *to, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\'')) fputs("\\&", to);
		if (*text == '\\') fputs("\\e", to);
		else if (*text == '-') fputs("\\-", to);
		else fputc(*text, to);
		start = *text == '\n';
	}
}

static void put_roff_command(FILE *to, const command *c)
{
	char name[COMMAND_NAME];

	command_name(name, c);
	fprintf(to, ".SS \"arca %s%s%s\"\n", name, c->plain ? " " : "", c->plain ? c->plain : "");
	put_roff(to, c->line);
	fputs(".\n.PP\n", to);
	for (const option *o = c->options; o->name; o++) {
		fputs(".TP\n.B ", to);
		fputs("\\-\\-", to);
		put_roff(to, o->name);
		if (o->value) fprintf(to, " \\fI%s\\fR", o->value);
		fputc('\n', to);
		put_roff(to, o->line);
		fputc('\n', to);
	}
	fputs(".PP\n", to);
	put_roff(to, c->help);
	fputs(".PP\n.nf\n", to);
	put_roff(to, c->examples);
	fputs(".fi\n", to);
}

void help_man(FILE *to)
{
	fputs(".TH ARCA 1\n.SH NAME\narca \\- the command line of a key management system for TFHE\n"
	      ".SH SYNOPSIS\n.B arca\n.I command\n[options]\n.SH COMMANDS\n", to);
	for (const command *const *p = COMMANDS; *p; p++) put_roff_command(to, *p);
	fputs(".SH EXIT STATUS\n", to);
	put_roff(to, CODES);
}
