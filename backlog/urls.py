"""The addresses of board, tasks, backlog and sprints, inside a workspace."""

from django.urls import URLPattern, URLResolver, path

from .views import (
    backlog,
    blocking,
    board,
    board_view,
    burndown,
    checklist,
    deliverables,
    moving,
    planning,
    sprints,
    task_page,
    tasks,
    waiting,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("board/", board.board, name="board"),
    path("board/columns/", board.board_columns, name="board_columns"),
    path("board/changes/", board.board_changes, name="board_changes"),
    path("backlog/", backlog.backlog, name="backlog"),
    path("backlog/bulk/", backlog.backlog_bulk, name="backlog_bulk"),
    path("tasks/new/", tasks.new_task, name="new_task"),
    path("tasks/add/", backlog.quick_add, name="quick_add"),
    path("tasks/<str:key>/", task_page.task, name="task"),
    path("tasks/<str:key>/edit/", tasks.task_edit, name="task_edit"),
    path("tasks/<str:key>/move/", tasks.task_move, name="task_move"),
    path("tasks/<str:key>/moving/", moving.task_moving, name="task_moving"),
    path("tasks/<str:key>/pull/", planning.task_pull, name="task_pull"),
    path("tasks/<str:key>/return/", planning.task_return, name="task_return"),
    path("tasks/<str:key>/rank/", backlog.task_rank, name="task_rank"),
    path("tasks/<str:key>/archive/", tasks.task_archive, name="task_archive"),
    path("tasks/<str:key>/restore/", tasks.task_restore, name="task_restore"),
    path("tasks/<str:key>/deliverables/", deliverables.task_deliverables, name="task_deliverables"),
    path(
        "tasks/<str:key>/deliverables/<int:pk>/remove/",
        deliverables.deliverable_remove,
        name="deliverable_remove",
    ),
    path("tasks/<str:key>/checklist/", checklist.task_checklist, name="task_checklist"),
    path("tasks/<str:key>/checklist/<int:pk>/tick/", checklist.step_tick, name="step_tick"),
    path("tasks/<str:key>/checklist/<int:pk>/rename/", checklist.step_rename, name="step_rename"),
    path("tasks/<str:key>/checklist/<int:pk>/move/", checklist.step_move, name="step_move"),
    path("tasks/<str:key>/checklist/<int:pk>/remove/", checklist.step_remove, name="step_remove"),
    path("tasks/<str:key>/block/", blocking.task_block, name="task_block"),
    path("tasks/<str:key>/unblock/", blocking.task_unblock, name="task_unblock"),
    path(
        "tasks/<str:key>/impediments/<int:pk>/reopen/",
        blocking.impediment_reopen,
        name="impediment_reopen",
    ),
    path("tasks/<str:key>/waits/", waiting.task_waits, name="task_waits"),
    path("tasks/<str:key>/waits/<int:pk>/end/", waiting.wait_end, name="wait_end"),
    path("tasks/<str:key>/waits/<int:pk>/reopen/", waiting.wait_reopen, name="wait_reopen"),
    path("impediments/", blocking.impediment_list, name="impediments"),
    path("sprints/", sprints.sprints, name="sprints"),
    path("sprints/<int:number>/edit/", sprints.sprint_edit, name="sprint_edit"),
    path("sprints/<int:number>/goal/", planning.sprint_goal, name="sprint_goal"),
    path("sprints/<int:number>/plan/", planning.plan_sprint, name="plan_sprint"),
    path("sprints/<int:number>/capacity/", planning.sprint_capacity, name="sprint_capacity"),
    path("sprints/<int:number>/start/", sprints.sprint_start, name="sprint_start"),
]
    path(
        "sprints/<int:number>/burndown/", burndown.sprint_burndown, name="sprint_burndown"
    ),
