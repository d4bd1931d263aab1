package bench

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Option("missingkey=error").Parse(pageText))

// pageData is what the page shows.
type pageData struct {
	File     File
	Device   string
	Times    string
	Settings [][2]string
	Rows     [][]string // numbered as the roofline's points
	Failed   []Result
	Summary  []string
	Pictures []picture
}

type picture struct {
	Title, About string
	SVG          template.HTML
}

// WriteHTML writes one page that needs nothing else: the layers as bars, the roofline, the samples' spread,
// the machine and the settings.
func WriteHTML(w io.Writer, f File) error {
	d := pageData{File: f, Device: f.Adapter.text(), Times: clocksText(f), Settings: settingsText(f), Summary: summary(f)[1:]}
	var measured []Result
	for _, r := range f.Results {
		if r.Error != "" {
			d.Failed = append(d.Failed, r)
			continue
		}
		measured = append(measured, r)
		d.Rows = append(d.Rows, append([]string{fmt.Sprint(len(measured))}, r.row()...))
	}
	if len(measured) > 0 {
		pictures, err := draw(measured, f)
		if err != nil {
			return fmt.Errorf("drawing the results: %w", err)
		}
		d.Pictures = pictures
	}
	var text bytes.Buffer // so that an error leaves no half page
	if err := page.Execute(&text, d); err != nil {
		return err
	}
	_, err := w.Write(text.Bytes())
	return err
}

// row is one line of the page's table.
func (r Result) row() []string {
	cells := []string{r.label(), r.Algorithm, msText(r.Time.Median), msText(r.Time.P10) + "-" + msText(r.Time.P90), fmt.Sprint(len(r.Time.Samples)),
		fmt.Sprintf("%.3g", r.GFLOPS), rateText(r.PercentOfPeak), rateText(r.PercentOfRoofline), fmt.Sprintf("%.3g", r.GBs), "-", "-", msText(r.FirstRun), "-"}
	if r.Cold != nil {
		cells[9] = msText(r.Cold.Median)
	}
	if r.Transfers != nil {
		cells[10] = msText(r.Transfers.Whole.Median)
	}
	if r.Verified && r.BoundUsed != nil {
		cells[12] = fmt.Sprintf("right, %.2g%% of the bound", 100**r.BoundUsed)
	}
	return cells
}

// settingsText is what was measured where and how.
func settingsText(f File) [][2]string {
	s := f.Settings
	rows := [][2]string{{"device", f.Adapter.text()}, {"host", fmt.Sprintf("%s, %d cores, %s/%s, %s", f.Host.CPU, f.Host.Cores, f.Host.OS, f.Host.Arch, f.Host.Go)}}
	if c := f.Ceilings; c != nil {
		rows = append(rows, [2]string{"ceilings", ceilingsText(*c)})
	}
	algorithms := fmt.Sprint(s.Algorithms)
	if len(s.Algorithms) == 0 {
		algorithms = "the default"
	}
	return append(rows, [2]string{"suite", s.Suite}, [2]string{"algorithms", algorithms},
		[2]string{"budget", fmt.Sprintf("%s a layer after %d runs to warm up, seed %d", msText(s.BudgetMS), s.WarmUp, s.Seed)},
		[2]string{"date", f.Date}, [2]string{"commit", f.Commit}, [2]string{"command", f.Command})
}
