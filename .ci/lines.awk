# Prints every line longer than 120 columns, a tab being four of them, and
# fails if there is one. Left out are tables of Markdown and what COMMENT says
# in SQL. Needs LC_ALL=C, so that a character is one byte without those that
# continue it.

FNR == 1 { comment = 0 }

FILENAME ~ /\.sql$/ && /^COMMENT ON / { comment = 1 }

{
	line = $0
	gsub(/\t/, "    ", line)
	gsub(/[\200-\277]/, "", line)
	if (length(line) > 120 && !comment && !(FILENAME ~ /\.md$/ && /^ *\|/)) {
		printf "%s:%d: %d columns\n", FILENAME, FNR, length(line)
		failed = 1
	}
}

comment && /;$/ { comment = 0 }

END { exit failed }
