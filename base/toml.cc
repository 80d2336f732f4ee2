/* SPDX-License-Identifier: MIT */
/* base/toml.cc -- the only C++ here: toml++ on one side, plain calls on the other, no exception in between. */
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <cstdio>
#include <cstring>
#include <string>
#include <toml++/toml.h>
#include "base/toml.h"

namespace {

struct walker {
	bool (*each)(void *, const toml_leaf *);
	void *ctx;
	bool going;
	const char *refused;             /* why the text cannot be given out; nullptr: it can */
};

void give(walker &w, const std::string &key, const toml::node &node, bool in_array)
{
	toml_leaf leaf = {};
	std::string text;

	leaf.key = key.c_str();
	leaf.line = node.source().begin.line;
	leaf.in_array = in_array;
	if (const auto *s = node.as_string()) {
		text = s->get();
		if (text.find('\0') != std::string::npos) {
			w.refused = "a text holds a zero character";
			w.going = false;
			return;
		}
		leaf.kind = TOML_TEXT;
		leaf.text = text.c_str();
	} else if (const auto *i = node.as_integer()) {
		leaf.kind = TOML_INTEGER;
		leaf.integer = i->get();
	} else if (const auto *b = node.as_boolean()) {
		leaf.kind = TOML_BOOL;
		leaf.integer = b->get();
	} else if (node.is_floating_point()) {
		leaf.kind = TOML_FLOAT;
	} else if (node.is_table() || node.is_array()) {
		leaf.kind = TOML_TABLE;
	} else {
		leaf.kind = TOML_TIME;
	}
	w.going = w.each(w.ctx, &leaf);
}

/* Recursion is bounded: the parser refuses nesting beyond 256. */
void walk(walker &w, const std::string &key, const toml::node &node, bool in_array)
{
	const toml::table *table = node.as_table();
	const toml::array *array = node.as_array();

	if ((table && table->empty()) || (array && array->empty()) || (!table && !array)) {
		if (!key.empty()) give(w, key, node, in_array);
		return;
	}
	if (array) {
		for (auto it = array->begin(); w.going && it != array->end(); ++it) walk(w, key, *it, true);
		return;
	}
	for (auto it = table->begin(); w.going && it != table->end(); ++it)
		walk(w, key.empty() ? std::string(it->first.str()) : key + "." + std::string(it->first.str()), it->second, in_array);
}

}

extern "C" bool toml_walk(char *why, size_t room, const char *text, size_t n, bool (*each)(void *, const toml_leaf *), void *ctx)
{
	toml::parse_result parsed = toml::parse(std::string_view(text, n));
	if (!parsed) {
		const auto &e = parsed.error();
		std::snprintf(why, room, "line %u: %.*s", e.source().begin.line, static_cast<int>(e.description().size()),
		              e.description().data());
		return false;
	}
	walker w = { each, ctx, true, nullptr };
	walk(w, "", parsed.table(), false);
	if (w.refused) std::snprintf(why, room, "%s", w.refused);
	return !w.refused;
}
