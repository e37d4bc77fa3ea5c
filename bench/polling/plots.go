package main

import (
	"bytes"
	"cmp"
	"image/color"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

// Colours that are told apart also by who does not see all.
var (
	blue   = color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}
	orange = color.RGBA{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}
	green  = color.RGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}
	red    = color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}
	grey   = color.RGBA{R: 0xdd, G: 0xdd, B: 0xdd, A: 0xff}
)

// coloured is a database in its colour.
type coloured struct {
	kind   machine.Kind
	colour color.Color
}

var databases = []coloured{{machine.SQLite, blue}, {machine.PostgreSQL, orange}}

// draw makes the pictures of the documentation.
func (r *Results) draw(dir string) error {
	if len(r.Databases) > 0 {
		if err := r.drawServerCPU().save(dir, "polling-cpu.svg", 10*vg.Centimeter); err != nil {
			return err
		}
		if err := r.drawSaturation().save(dir, "polling-saturation.svg", 7*vg.Centimeter); err != nil {
			return err
		}
	}
	if d := r.Databases[machine.SQLite]; d != nil {
		p, err := d.drawDelivered()
		if err != nil {
			return err
		}
		if err := p.save(dir, "polling-delivered.svg", 9*vg.Centimeter); err != nil {
			return err
		}
	}
	if r.Sweep == nil {
		return nil
	}
	p, err := r.Sweep.draw()
	if err != nil {
		return err
	}
	return p.save(dir, "polling-sweep.svg", 9*vg.Centimeter)
}

// picture is a plot in the style of all.
type picture struct{ *plot.Plot }

func newPicture(title string) picture {
	sans := font.Font{Typeface: "Liberation", Variant: "Sans"}
	p := picture{plot.New()}
	p.Title.Text = title
	p.Title.Padding = 3 * vg.Millimeter
	for _, style := range []*draw.TextStyle{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		size := style.Font.Size
		style.Font = sans
		style.Font.Size = cmp.Or(size, vg.Points(10))
	}
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.Legend.Padding = vg.Millimeter
	return p
}

// margin around a plot, which itself leaves none.
const margin = 4 * vg.Millimeter

func (p picture) save(dir, name string, height vg.Length) error {
	canvas, err := draw.NewFormattedCanvas(20*vg.Centimeter, height, "svg")
	if err != nil {
		return err
	}
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Path())
	p.Draw(draw.Crop(all, margin, -margin, margin, -margin))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), svg.Bytes(), 0o644) //nolint:gosec // documentation
}

func (r *Results) drawServerCPU() picture {
	p := newPicture("CPU of the Temporal server for one poll, a fifteenth of the start included")
	p.X.Label.Text = "ms a poll"
	r.bars(p, inOrder, func(d *Database, w wayName) (float64, bool) {
		return median(each(d.Paced[w], Paced.serverPerPoll)), len(d.Paced[w]) > 0
	})
	return p
}

func (r *Results) drawSaturation() picture {
	p := newPicture("Polls a second at saturation, of 200 operations at 100 ms")
	p.X.Label.Text = "polls a second"
	r.bars(p, inOrder, func(d *Database, w wayName) (float64, bool) {
		return median(each(d.Saturated[w], Saturated.rate)), len(d.Saturated[w]) > 0
	})
	return p
}

// bars are a group for each way that has a value, with one for each database; the first
// way is at the top.
func (r *Results) bars(p picture, names []wayName, value func(*Database, wayName) (float64, bool)) {
	names = slices.DeleteFunc(slices.Clone(names), func(w wayName) bool {
		return !slices.ContainsFunc(slices.Collect(maps.Values(r.Databases)), func(d *Database) bool {
			_, there := value(d, w)
			return there
		})
	})
	if len(names) == 0 {
		return
	}
	slices.Reverse(names)
	const width = 4 * vg.Millimeter
	offset := width / 2
	for _, of := range databases {
		d := r.Databases[of.kind]
		if d == nil {
			continue
		}
		values := make(plotter.Values, len(names))
		for i, w := range names {
			values[i], _ = value(d, w)
		}
		bars, err := plotter.NewBarChart(values, width)
		if err != nil {
			continue // there is nothing to show
		}
		bars.Horizontal, bars.Color, bars.LineStyle.Width, bars.Offset = true, of.colour, 0, offset
		p.Add(bars, ends(values, offset))
		p.Legend.Add(string(of.kind), bars)
		offset -= width
	}
	p.NominalY(each(names, func(w wayName) string { return string(w) })...)
	p.X.Min, p.X.Max = 0, p.X.Max*1.5 // room for the legend
}

// ends are the numbers at the ends of bars.
func ends(values plotter.Values, offset vg.Length) *plotter.Labels {
	at, texts := make(plotter.XYs, len(values)), make([]string, len(values))
	for i, v := range values {
		at[i], texts[i] = plotter.XY{X: v, Y: float64(i)}, number(v)
	}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: at, Labels: texts})
	if err != nil {
		return &plotter.Labels{} // nothing has an end
	}
	labels.Offset = vg.Point{X: vg.Millimeter, Y: offset - vg.Points(3)}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(8)}
	}
	return labels
}

func (d *Database) drawDelivered() (picture, error) {
	p := newPicture("From the service's first \"done\" to the value in the caller's hands (SQLite)")
	p.X.Label.Text, p.Y.Label.Text = "ms", "operations, %"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(roundTicks)
	p.Add(grid())
	for i, w := range []wayName{timerLoop, heartbeatLoop, watching} {
		delivered := allDelivered(d.Paced[w])
		slices.Sort(delivered)
		points := make(plotter.XYs, len(delivered))
		for i, took := range delivered {
			points[i] = plotter.XY{X: max(1, millis(took)), Y: 100 * float64(i+1) / float64(len(delivered))}
		}
		if err := p.line(points, string(w), []color.Color{red, green, blue}[i], false); err != nil {
			return p, err
		}
	}
	p.Legend.Left, p.Legend.Top = true, true
	p.X.Min, p.X.Max = decades(p.X.Min, p.X.Max)
	p.X.Min = min(1, p.X.Min) // room for the legend
	p.Y.Min, p.Y.Max = 0, 105
	return p, nil
}

func (s *Sweep) draw() (picture, error) {
	p := newPicture("What an operation costs the Temporal server, by the wait between two polls (SQLite)")
	p.X.Label.Text, p.Y.Label.Text = "wait, s", "CPU, ms a minute"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(roundTicks), plot.TickerFunc(roundTicks)
	p.Add(grid())
	for _, how := range []struct {
		name   string
		colour color.Color
		is     func(Point) bool
	}{
		{"waiting: a timer before each poll", red, func(p Point) bool { return !p.Watching }},
		{"watching, window 600 s", blue, func(p Point) bool { return p.Watching && p.Window >= time.Minute }},
	} {
		var points plotter.XYs
		for _, point := range s.Points {
			if how.is(point) {
				points = append(points, plotter.XY{X: point.Wait.Seconds(), Y: max(0.1, s.perMinute(point))})
			}
		}
		if err := p.line(points, how.name, how.colour, true); err != nil {
			return p, err
		}
	}
	p.Legend.Top = true
	p.Y.Min, p.Y.Max = decades(p.Y.Min, p.Y.Max)
	return p, nil
}

// perMinute is what an operation costs the server, in ms.
func (s *Sweep) perMinute(p Point) float64 {
	return millis(p.CPU.Server) / (float64(s.Operations) * p.For.Minutes())
}

func (p picture) line(points plotter.XYs, name string, colour color.Color, dots bool) error {
	line, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = colour, vg.Points(2)
	marks.Color, marks.Shape, marks.Radius = colour, draw.CircleGlyph{}, vg.Points(3)
	p.Add(line)
	if dots {
		p.Add(marks)
	}
	p.Legend.Add(name, line)
	return nil
}

func grid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal.Color, g.Vertical.Color = grey, grey
	return g
}

// decades are the powers of ten around a range.
func decades(least, most float64) (below, above float64) {
	return math.Pow(10, math.Floor(math.Log10(least))), math.Pow(10, math.Ceil(math.Log10(most)))
}

// roundTicks are 1, 2 and 5 of each power of ten.
func roundTicks(least, most float64) (ticks []plot.Tick) {
	for power := 0.001; power <= most; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			if at := digit * power; at >= least && at <= most {
				ticks = append(ticks, plot.Tick{Value: at, Label: strconv.FormatFloat(at, 'g', 4, 64)})
			}
		}
	}
	return ticks
}
