# Draws how far delays are from what was asked, from the tables of docs/accuracy.md:
#   awk -f bench/accuracy_plot.awk docs/accuracy.md > docs/accuracy.svg
# A panel for each "###" heading of the section "Delay", a mark for each row without jitter: a dot
# for the median, a bar up to p99. Error in milliseconds on a log axis.

function log10(x) { return log(x) / log(10) }
function y_of(error) {
  if (error < LEAST) error = LEAST
  return top + HEIGHT * (1 - (log10(error) - log10(LEAST)) / (log10(MOST) - log10(LEAST)))
}
function text(x, y, size, colour, anchor, words) {
  printf "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" fill=\"%s\" text-anchor=\"%s\">%s</text>\n",
    x, y, size, colour, anchor, words
}
function line(x1, y1, x2, y2, colour, width, dashes) {
  printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%s\"%s/>\n",
    x1, y1, x2, y2, colour, width, dashes ? " stroke-dasharray=\"4 4\"" : ""
}
function mark(x, y, square, colour) {
  if (square) {
    printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"9\" height=\"9\" fill=\"%s\"/>\n", x - 4.5, y - 4.5, colour
  } else {
    printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n", x, y, colour
  }
}
function trim(s) { gsub(/^ +| +$/, "", s); return s }

BEGIN {
  FS = "|"
  LEAST = 0.01; MOST = 1; HEIGHT = 190; LEFT = 62; WIDTH = 400
  colour["nfqueue engine"] = "#3fb950"
  colour["netem engine"] = "#58a6ff"
  colour["plain tc netem"] = "#d2a8ff"
}
/^## / { inside = $0 == "## Delay" }
inside && /^### / { title[++panels] = substr($0, 5) }
inside && panels && /^\| (UDP|TCP)/ {
  by = trim($4)
  if (!(by in colour) || $3 ~ /±/) next
  series = by SUBSEP ($2 ~ /TCP/)
  if (!((panels, series) in points)) order[panels, ++count[panels]] = series
  n = ++points[panels, series]
  p50[panels, series, n] = $9 + 0
  p99[panels, series, n] = $10 + 0
  if (split($11, goal, "± ") == 3) {
    goal50[panels] = goal[2] + 0
    goal99[panels] = goal[3] + 0
  }
  if ($2 ~ /UDP/) asked[n] = trim($3) " ms"
  if (n > most) most = n
}
END {
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 480 %d\" role=\"img\" " \
    "aria-label=\"How far delays are from what was asked\">\n", 74 + panels * (HEIGHT + 74)
  print "<rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"#0d1117\"/>"
  print "<g font-family=\"ui-sans-serif,system-ui,Helvetica,DejaVu Sans,sans-serif\">"
  text(18, 28, 16, "#c9d1d9", "start", "Measured delay − asked delay, milliseconds")
  text(18, 48, 13, "#8b949e", "start", "mark: median, bar: up to p99. ● UDP one way  ■ TCP there and back")
  top = 92
  for (p = 1; p <= panels; ++p) {
    text(18, top - 16, 14, "#c9d1d9", "start", title[p])
    for (value = LEAST; value <= MOST * 1.01; value *= 10) {
      line(LEFT, y_of(value), LEFT + WIDTH, y_of(value), "#30363d", 1)
      text(LEFT - 8, y_of(value) + 5, 13, "#8b949e", "end", value)
    }
    if (p in goal50) {
      line(LEFT, y_of(goal50[p]), LEFT + WIDTH, y_of(goal50[p]), "#e3b341", 1, 1)
      line(LEFT, y_of(goal99[p]), LEFT + WIDTH, y_of(goal99[p]), "#e3b341", 1, 1)
      text(LEFT + WIDTH, top - 16, 13, "#e3b341", "end",
        "goals: median " goal50[p] ", p99 " goal99[p])
    }
    for (n = 1; n <= most; ++n) {
      middle = LEFT + WIDTH * (n - 0.5) / most
      text(middle, top + HEIGHT + 18, 13, "#8b949e", "middle", asked[n])
      for (s = 1; s <= count[p]; ++s) {
        if (!((p, order[p, s], n) in p50)) continue
        split(order[p, s], part, SUBSEP)
        x = middle + (s - (count[p] + 1) / 2) * 14
        c = colour[part[1]]
        line(x, y_of(p50[p, order[p, s], n]), x, y_of(p99[p, order[p, s], n]), c, 3)
        mark(x, y_of(p50[p, order[p, s], n]), part[2], c)
      }
    }
    top += HEIGHT + 74
  }
  x = 18
  for (by in colour) {
    mark(x + 6, top - 40, 0, colour[by])
    text(x + 18, top - 35, 13, "#c9d1d9", "start", by)
    x += 150
  }
  print "</g></svg>"
}
