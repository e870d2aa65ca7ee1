//! A curve as a picture: an SVG with one line for each rate, and below it what the processor spent.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use crate::report::Point;

const SIZE: (u32, u32) = (760, 520);
const FONT: (&str, u32) = ("sans-serif", 14);

/// The axes of a panel, and which values belong to it.
struct Panel {
    caption: &'static str,
    keys: &'static [(&'static str, &'static str, RGBColor)],
}

const BLUE_LINE: RGBColor = RGBColor(31, 107, 186);
const ORANGE_LINE: RGBColor = RGBColor(204, 102, 0);
const GREEN_LINE: RGBColor = RGBColor(20, 125, 70);

const PANELS: [Panel; 3] = [
    Panel {
        caption: "a second",
        keys: &[
            ("lockstep_per_s", "deliveries, lockstep", BLUE_LINE),
            ("flood8_per_s", "deliveries, flood of 8", ORANGE_LINE),
            ("acks8_per_s", "acknowledged, 8 senders", GREEN_LINE),
        ],
    },
    Panel {
        caption: "ms of the server's processor for a thousand",
        keys: &[
            ("lockstep_cpu_ms_per_1000", "deliveries, lockstep", BLUE_LINE),
            ("flood8_cpu_ms_per_1000", "deliveries, flood of 8", ORANGE_LINE),
            ("acks8_cpu_ms_per_1000", "acknowledged, 8 senders", GREEN_LINE),
        ],
    },
    Panel {
        caption: "MiB",
        keys: &[("server_mib", "memory of the server", BLUE_LINE), ("disk_mib", "disk", ORANGE_LINE)],
    },
];

/// Writes `<folder>/<scenario>.svg`.
pub(crate) fn draw(folder: &Path, scenario: &str, points: &[Point]) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{scenario}.svg"));
    let root = SVGBackend::new(&path, SIZE).into_drawing_area();
    let panels: Vec<&Panel> = PANELS.iter().filter(|panel| has_any(panel, points)).collect();
    root.fill(&WHITE).map_err(failed)?;
    let areas = root.split_evenly((panels.len().max(1), 1));
    for (panel, area) in panels.into_iter().zip(&areas) {
        if scenario == "curve_time" {
            let last = points.last().map_or(1.0, |point| point.at);
            draw_panel(area, panel, points, 0.0..last, "seconds")?;
        } else {
            let (first, last) =
                (points.first().map_or(0.0, |point| point.at), points.last().map_or(1.0, |point| point.at));
            // Nothing stands at the left edge of a scale on which each step is ten times the last.
            let x = (first.max(1.0)..last.max(10.0)).log_scale();
            draw_panel(area, panel, points, x, varied(scenario))?;
        }
    }
    root.present().map_err(failed)?;
    Ok(())
}

/// What a curve varies.
fn varied(scenario: &str) -> &'static str {
    match scenario {
        "curve_members" => "members of the channel",
        "curve_stored" => "stored messages",
        _ => "idle sessions (none is drawn as one)",
    }
}

fn has_any(panel: &Panel, points: &[Point]) -> bool {
    panel.keys.iter().any(|(key, ..)| points.iter().any(|point| value(point, key).is_some()))
}

fn value(point: &Point, key: &str) -> Option<f64> {
    point.values.iter().find(|(name, value)| *name == key && value.is_finite()).map(|(_, value)| *value)
}

fn draw_panel<X>(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    panel: &Panel,
    points: &[Point],
    x: X,
    x_caption: &str,
) -> Result<()>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: ValueFormatter<f64>,
{
    let lines = panel.keys.iter().filter_map(|(key, name, colour)| {
        let line: Vec<(f64, f64)> =
            points.iter().filter_map(|point| Some((point.at.max(1.0), value(point, key)?))).collect();
        (!line.is_empty()).then_some((*name, *colour, line))
    });
    let lines: Vec<_> = lines.collect();
    let highest = lines.iter().flat_map(|(_, _, line)| line).map(|(_, y)| *y).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .x_label_area_size(34)
        .y_label_area_size(70)
        .build_cartesian_2d(x, 0.0..(highest * 1.3).max(1e-6))
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(x_caption)
        .y_desc(panel.caption)
        .label_style(FONT)
        .x_label_formatter(&|x| plain(*x))
        .y_label_formatter(&|y| plain(*y))
        .y_labels(5)
        .draw()
        .map_err(failed)?;
    for (name, colour, line) in lines {
        let dots: Vec<_> = line.iter().map(|at| Circle::new(*at, 3, colour.filled())).collect();
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)))
            .map_err(failed)?
            .label(name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(dots).map_err(failed)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .label_font(FONT)
        .draw()
        .map_err(failed)
}

/// A number as a person writes it.
fn plain(number: f64) -> String {
    match number {
        1_000_000.0.. => format!("{} M", number / 1e6),
        1_000.0.. => format!("{} k", number / 1e3),
        _ => format!("{}", (number * 100.0).round() / 100.0),
    }
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("{error}")
}
