//! Load shapes: `LoadTestShape` and what extends it. Read by `program`, asked by `control`.

use crate::api::Arg;
use crate::api::read_stages;
use crate::fault::Fault;
use crate::script::attributes::SHAPE_ATTRIBUTES;
use crate::script::{Shape, ShapeForm, message};

use super::attributes::{check_names, is_abstract};
use super::class::{Base, ClassRef};
use super::manifest::Wrong;
use super::vm::RhaiVm;
use super::wording::worded;

impl RhaiVm {
    /// The load shapes that the scripts defined, but the abstract ones.
    pub(super) fn shapes(&self) -> Result<Vec<Shape>, Fault> {
        let classes = self.state.classes.borrow().clone();
        let shapes = classes.iter().filter(|class| class.base == Base::Shape);
        let mut all = Vec::new();
        for class in shapes {
            all.extend(self.read_shape(class).map_err(|wrong| wrong.fault(&self.state.library))?);
        }
        Ok(all)
    }

    fn read_shape(&self, class: &ClassRef) -> Result<Option<Shape>, Wrong> {
        let wrong = |what: String| Wrong::of(class, "load shape", what);
        check_names(class, &SHAPE_ATTRIBUTES).map_err(wrong)?;
        if is_abstract(class) {
            return Ok(None);
        }
        let form = match class.get("tick") {
            Some(tick) if tick.is_fnptr() => ShapeForm::Tick,
            Some(_) => return Err(wrong("`tick` must be a function".into())),
            None => {
                let Some(stages) = class.get("stages") else {
                    return Err(wrong("it has neither `stages` nor a method `tick`".into()));
                };
                let read = self.look_at(&[stages], |frame| match frame.arg(0) {
                    Arg::Table(table) => read_stages(frame, Arg::Table(table)),
                    _ => read_stages(frame, Arg::Other("value of another kind")),
                });
                ShapeForm::Stages(read.map_err(|raise| wrong(worded(raise.text())))?)
            }
        };
        Ok(Some(Shape { name: class.name.to_string(), place: message::place(&class.place), form }))
    }
}
