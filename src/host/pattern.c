#include "host/pattern.h"

#include <ctype.h>
#include <string.h>

#define ESCAPE '%'
#define UNFINISHED (-1)
#define POSITION (-2)
#define RECURSIONS 200        /* as many as Lua allows */
#define BETWEEN_LOOKS 0x3fffU /* a power of two, less one */

pattern pattern_of(lua_State *L, const char *text, size_t text_size, const char *start, size_t size) {
  return (pattern){.L = L,
                   .S = linnet_of(L),
                   .text = text,
                   .text_end = text + text_size,
                   .start = start,
                   .end = start + size};
}

static void count_step(pattern *m) {
  if (!(++m->steps & BETWEEN_LOOKS)) raise_if_ending(m->L, m->S);
}

/* ---- single characters ---- */

/* Behind the single-character class at p. Strings of Lua have a zero byte behind their end. */
static const char *behind_class(const pattern *m, const char *p) {
  if (*p == ESCAPE) {
    if (p + 1 == m->end) luaL_error(m->L, "malformed pattern (ends with '%%')");
    return p + 2;
  }
  if (*p != '[') return p + 1;
  p += p[1] == '^' ? 2 : 1;
  bool first = true; /* a ] in first place stands for itself */
  for (; first || *p != ']'; first = false) {
    if (p == m->end) luaL_error(m->L, "malformed pattern (missing ']')");
    bool escaped = *p++ == ESCAPE;
    if (escaped && p < m->end) p++;
  }
  return p + 1;
}

static bool in_class(int c, int letter) {
  bool in;
  switch (tolower(letter)) {
  case 'a': in = isalpha(c); break;
  case 'c': in = iscntrl(c); break;
  case 'd': in = isdigit(c); break;
  case 'g': in = isgraph(c); break;
  case 'l': in = islower(c); break;
  case 'p': in = ispunct(c); break;
  case 's': in = isspace(c); break;
  case 'u': in = isupper(c); break;
  case 'w': in = isalnum(c); break;
  case 'x': in = isxdigit(c); break;
  case 'z': in = c == 0; break; /* of older versions; Lua takes it still */
  default: return letter == c;
  }
  return isupper(letter) ? !in : in;
}

/* Is c in the set that opens at p and whose ] is at `close`? */
static bool in_set(int c, const char *p, const char *close) {
  bool found = true;
  if (*++p == '^') found = false, p++;
  for (; p < close; p++) {
    const unsigned char *u = (const unsigned char *)p;
    if (*p == ESCAPE) {
      p++;
      if (in_class(c, u[1])) return found;
    } else if (p[1] == '-' && p + 2 < close) {
      p += 2;
      if (u[0] <= c && c <= u[2]) return found;
    } else if (u[0] == c) {
      return found;
    }
  }
  return !found;
}

/* Does the character at s belong to the class from p to `behind`? */
static bool matches_one(const pattern *m, const char *s, const char *p, const char *behind) {
  if (s >= m->text_end) return false;
  int c = (unsigned char)*s;
  switch (*p) {
  case '.': return true;
  case ESCAPE: return in_class(c, (unsigned char)p[1]);
  case '[': return in_set(c, p, behind - 1);
  default: return (unsigned char)*p == c;
  }
}

/* ---- items of a pattern ---- */

static const char *match(pattern *m, const char *s, const char *p);

/* As many as can be, then fewer and fewer. */
static const char *longest(pattern *m, const char *s, const char *p, const char *behind) {
  ptrdiff_t most = 0;
  for (; matches_one(m, s + most, p, behind); most++) count_step(m);
  for (; most >= 0; most--) {
    const char *end = match(m, s + most, behind + 1);
    if (end) return end;
  }
  return NULL;
}

static const char *shortest(pattern *m, const char *s, const char *p, const char *behind) {
  for (;; s++) {
    const char *end = match(m, s, behind + 1);
    if (end || !matches_one(m, s, p, behind)) return end;
  }
}

static const char *open_capture(pattern *m, const char *s, const char *p, ptrdiff_t what) {
  if (m->count >= CAPTURES_MAX) luaL_error(m->L, "too many captures");
  m->captures[m->count++] = (capture){s, what};
  const char *end = match(m, s, p);
  if (!end) m->count--;
  return end;
}

static const char *close_capture(pattern *m, const char *s, const char *p) {
  int i = m->count - 1;
  while (i >= 0 && m->captures[i].length != UNFINISHED) i--;
  if (i < 0) luaL_error(m->L, "invalid pattern capture");
  m->captures[i].length = s - m->captures[i].start;
  const char *end = match(m, s, p);
  if (!end) m->captures[i].length = UNFINISHED;
  return end;
}

/* %bxy, x at p */
static const char *balanced(const pattern *m, const char *s, const char *p) {
  if (p + 1 >= m->end) luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
  if (s >= m->text_end || *s != *p) return NULL;
  size_t open = 1;
  while (++s < m->text_end) {
    if (*s == p[1]) {
      if (--open == 0) return s + 1;
    } else if (*s == p[0]) {
      open++;
    }
  }
  return NULL;
}

/* %f[set], the set at p: between a character that is not in it and one that is. */
static bool at_frontier(const pattern *m, const char *s, const char *p, const char *behind) {
  int before = s == m->text ? 0 : (unsigned char)s[-1], after = s < m->text_end ? (unsigned char)*s : 0;
  return !in_set(before, p, behind - 1) && in_set(after, p, behind - 1);
}

/* %1 to %9: the same text again. */
static const char *again(const pattern *m, const char *s, int digit) {
  int i = digit - '1';
  if (i < 0 || i >= m->count || m->captures[i].length == UNFINISHED)
    luaL_error(m->L, "invalid capture index %%%d", i + 1);
  size_t length = (size_t)m->captures[i].length;
  if ((size_t)(m->text_end - s) < length || memcmp(m->captures[i].start, s, length) != 0) return NULL;
  return s + length;
}

/* From item to item, as long as there is only one way to go on. */
static const char *match_items(pattern *m, const char *s, const char *p) {
  while (p != m->end) {
    count_step(m);
    if (*p == '(')
      return p[1] == ')' ? open_capture(m, s, p + 2, POSITION) : open_capture(m, s, p + 1, UNFINISHED);
    if (*p == ')') return close_capture(m, s, p + 1);
    if (*p == '$' && p + 1 == m->end) return s == m->text_end ? s : NULL;
    if (*p == ESCAPE && p[1] == 'b') {
      s = balanced(m, s, p + 2);
      if (!s) return NULL;
      p += 4;
      continue;
    }
    if (*p == ESCAPE && p[1] == 'f') {
      p += 2;
      if (*p != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
      const char *behind = behind_class(m, p);
      if (!at_frontier(m, s, p, behind)) return NULL;
      p = behind;
      continue;
    }
    if (*p == ESCAPE && isdigit((unsigned char)p[1])) {
      s = again(m, s, (unsigned char)p[1]);
      if (!s) return NULL;
      p += 2;
      continue;
    }
    const char *behind = behind_class(m, p);
    bool one = matches_one(m, s, p, behind);
    switch (behind < m->end ? *behind : 0) {
    case '*': return longest(m, s, p, behind);
    case '+': return one ? longest(m, s + 1, p, behind) : NULL;
    case '-': return shortest(m, s, p, behind);
    case '?': {
      const char *end = one ? match(m, s + 1, behind + 1) : NULL;
      if (end) return end;
      p = behind + 1;
      break;
    }
    default:
      if (!one) return NULL;
      s++;
      p = behind;
    }
  }
  return s;
}

static const char *match(pattern *m, const char *s, const char *p) {
  if (m->depth-- == 0) luaL_error(m->L, "pattern too complex");
  const char *end = match_items(m, s, p);
  m->depth++;
  return end;
}

const char *pattern_match(pattern *m, const char *from) {
  m->count = 0;
  m->depth = RECURSIONS;
  return match(m, from, m->start);
}

/* ---- captures ---- */

void push_capture(pattern *m, int i, const char *from, const char *to) {
  if (i >= m->count) {
    if (i > 0) luaL_error(m->L, "invalid capture index %%%d", i + 1);
    lua_pushlstring(m->L, from, (size_t)(to - from));
    return;
  }
  const capture *c = &m->captures[i];
  if (c->length == POSITION)
    lua_pushinteger(m->L, c->start - m->text + 1);
  else if (c->length == UNFINISHED)
    luaL_error(m->L, "unfinished capture");
  else
    lua_pushlstring(m->L, c->start, (size_t)c->length);
}

int push_captures(pattern *m, const char *from, const char *to) {
  int count = m->count == 0 && from ? 1 : m->count;
  luaL_checkstack(m->L, count, "too many captures");
  for (int i = 0; i < count; i++) push_capture(m, i, from, to);
  return count;
}
